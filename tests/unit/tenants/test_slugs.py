from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from apps.tenants.models import slug_is_dns_label


@pytest.mark.parametrize("slug", ["abc", "lincoln-school", "a1b", "x" * 40])
def test_a_dns_label_is_an_address(slug):
    slug_is_dns_label(slug)


@pytest.mark.parametrize(
    "slug", ["ab", "1abc", "-abc", "abc-", "Abc", "a_bc", "a.bc", "a bc", "x" * 41, "", "äbc"]
)
def test_anything_else_is_none(slug):
    with pytest.raises(ValidationError):
        slug_is_dns_label(slug)
