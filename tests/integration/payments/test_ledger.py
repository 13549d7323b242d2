"""The ledger after things that happen to customers, beside Stripe's own sums."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from apps.payments import stripe_api
from apps.payments.services import ledger, objects

pytestmark = pytest.mark.django_db

ALL = (
    "customer",
    "subscription",
    "invoice",
    "credit_note",
    "charge",
    "refund",
    "dispute",
    "payout",
)


def fetch_all(account, kinds=ALL):
    for kind in kinds:
        if kind == "customer":
            objects.fetch(kind, account.customer_id)
            continue
        wish = {"status": "all"} if kind == "subscription" else {}
        for found in stripe_api.each(kind, **wish):
            objects.store(found)


def test_a_month_that_is_paid_is_earned_by_day(billing):
    account = billing.connect(clock=True)
    billing.subscribe(amount=3_100)
    fetch_all(account)
    account.refresh_from_db()
    assert ledger.verify() == []
    assert ledger.balance(of="deferred_revenue") == 3_100
    ledger.recognise(date(2027, 1, 11))
    assert ledger.balance(of="revenue") == 1_000
    ledger.recognise(date(2027, 1, 11))
    ledger.recognise(date(2027, 1, 5))
    assert ledger.balance(of="revenue") == 1_000
    ledger.recognise(date(2027, 3, 1))
    assert ledger.balance(of="revenue", at=datetime(2027, 1, 21, tzinfo=UTC)) == 1_000
    assert ledger.balance(of="revenue") == 3_100
    assert ledger.balance(of="deferred_revenue") == 0
    found = ledger.trial_balance()
    assert found.debit == found.credit
