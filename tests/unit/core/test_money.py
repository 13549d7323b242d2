from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.money import decimal, minor


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [(2900, "eur", "29.00"), (-1, "eur", "-0.01"), (2900, "jpy", "2900")],
)
def test_minor_units_are_hundredths_except_where_there_are_none(amount, currency, shown):
    assert str(decimal(amount, currency)) == shown
    assert minor(Decimal(shown), currency) == amount


@given(st.integers(-(10**12), 10**12), st.sampled_from(["eur", "jpy"]))
def test_what_is_written_is_read_again_to_the_cent(amount, currency):
    assert minor(decimal(amount, currency), currency) == amount
