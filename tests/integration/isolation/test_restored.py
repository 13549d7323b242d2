"""A database restored from a dump: rights and roles may have stayed behind."""

from __future__ import annotations

import pytest
from django.db import connections

from apps.core.postgresql import roles
from apps.fleet.services import ledger, versions
from apps.media.models import Blob

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def test_a_workspace_that_nobody_may_enter_is_opened_again(alpha):
    role = roles.role_of(alpha.schema_name)
    with connections["owner"].cursor() as cursor:
        cursor.execute(f'REVOKE ALL ON SCHEMA w_alpha FROM "{role}"')
        cursor.execute(f'REVOKE ALL ON ALL TABLES IN SCHEMA w_alpha FROM "{role}"')
    assert not ledger.is_complete(using="default")
    versions.bring_up()
    assert ledger.is_complete(using="default")
    with alpha:
        assert not Blob.objects.exists()
