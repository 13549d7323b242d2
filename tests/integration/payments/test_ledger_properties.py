"""Whatever happens at Stripe, and however its objects arrive: the ledger balances, and its sums are
Stripe's own.

A machine lives a customer's life at the sandbox's Stripe, by a test clock. Objects are stored in
any order, in whatever state they happen to be, and again.
"""

from __future__ import annotations

import os

import pytest
import stripe
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    run_state_machine_as_test,
)

from apps.payments.services import mirror
from tests.integration.payments.ledger_life import KINDS, Life, split

pytestmark = pytest.mark.django_db

PROFILE = settings(
    max_examples=int(os.environ.get("LEDGER_EXAMPLES", "2")),
    stateful_step_count=25,
    deadline=None,
    derandomize="LEDGER_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


def test_the_ledger_is_stripes_after_each_kind_of_deed(sandbox_process, settings_of_stripe):
    """What chance may leave out for a long time."""
    Life.sandbox, Life.configuration = sandbox_process, settings_of_stripe
    life = Life()
    life.begin(seed=1, rate=19, inclusive=False)
    try:
        paid = life.billed(10_001, "pm_card_visa")
        life.api.credit_notes.create({"invoice": paid, "amount": 5_000, **split(5_000)})
        life.refund(share=10)
        lessened, written_off = life.billed(20_000), life.billed(30_000)
        for invoice in (lessened, written_off):
            life.api.credit_notes.create({"invoice": invoice, "amount": 1_190})
        life.api.invoices.mark_uncollectible(written_off)
        life.billed(7_000, "pm_card_createDispute")
        life.answer_dispute(wins=False)
        life.wait(days=3)
        life.look(kinds=KINDS)
        life.close_day()
        life.api.invoices.void_invoice(lessened)
        life.pay_out(amount=500)
    finally:
        life.teardown()


def test_the_ledger_is_stripes(sandbox_process, settings_of_stripe):
    Life.sandbox, Life.configuration = sandbox_process, settings_of_stripe
    run_state_machine_as_test(Life, settings=PROFILE)


@pytest.fixture
def settings_of_stripe(settings, sandbox_process, monkeypatch):
    """dj-stripe's rows take most of the time, and the ledger needs none of them."""
    monkeypatch.setattr(mirror, "keep", lambda _data: None)
    settings.STRIPE_API_HOST = sandbox_process.url
    before, stripe.api_base = stripe.api_base, sandbox_process.url
    yield settings
    stripe.api_base = before
