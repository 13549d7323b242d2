"""`manage.py billing rehearse`: a customer's fourteen months, on the running product."""

from __future__ import annotations

import pytest


@pytest.mark.timeout(600)
def test_a_customers_life_is_played_and_adds_up(product):
    told = product.manage("billing", "rehearse")
    states = ("School, trial", "School, past due, read-only, suspended", "District, active")
    assert [state for state in states if state not in told] == []
    assert "Free, ended" in told
    assert "Credit note" in told
    assert "Not on it, because they came to nothing: " in told
    assert "VAT 19 % DE: €" in told
    assert told.rstrip().endswith("It adds up: ledger, payments and invoices say what Stripe says.")
    assert "rehearsal" not in product.manage("tenant", "list")
