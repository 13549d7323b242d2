"""Made-up customers with some months of history, for a console that has something to show.

Each lives by a test clock of its own at the sandbox's Stripe, which plays their months in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from apps.core.errors import NotAllowed
from apps.payments import stripe_api
from apps.payments.catalogue import Interval
from apps.payments.models import Account
from apps.payments.services import accounts, catalogue_sync, ledger, objects, prices

MONTH: Final = timedelta(days=30, hours=10)
PREFIX: Final = "demo_"
TAKEN_IN: Final = ("customer", "charge", "subscription", "invoice", "credit_note")
REFUND: Final = 2_500
BAD_CARD: Final = "pm_card_chargeCustomerFail"


@dataclass(frozen=True)
class Life:
    """`months` ago it began; `turns` are what happens after so many of them."""

    name: str
    country: str
    months: float
    plan: str
    interval: Interval = "month"
    card: str = "pm_card_visa"
    trial_days: int = 0
    turns: tuple[tuple[float, str, str], ...] = ()


LIVES: Final = (
    Life("Riverside Middle School", "DE", 9, "starter", turns=((3.5, "plan", "school"),)),
    Life("Oakwood Academy", "AT", 6, "school", card="pm_card_at", trial_days=30),
    Life("Northgate District", "DE", 11, "district", "year", card="pm_card_de"),
    Life("Harbour Studio", "GB", 8, "starter", card="pm_card_gb", turns=((4.2, "cancel", ""),)),
    Life("Elm Street School", "FR", 7, "school", card="pm_card_mastercard",
         turns=((3.5, "card", BAD_CARD), (4.1, "card", "pm_card_mastercard"), (5, "refund", ""))),
    Life("Birch Primary", "IE", 5, "school", turns=((2.5, "plan", "starter"),)),
    Life("Maple Grammar", "NL", 0.4, "school", trial_days=30),
    Life("Cedar College", "ES", 3, "starter", card="", trial_days=30),
    Life("Lakeside Studio", "US", 0.1, "starter", card="pm_card_createDispute"),
)  # fmt: skip


def seed(say: Callable[[str], None] = lambda _words: None) -> int:
    """Make those that are not there yet; how many. Raises `NotAllowed` where Stripe is not the
    sandbox, and `StripeError`.
    """
    if "stripe.com" in settings.STRIPE_API_HOST:
        raise NotAllowed("Customers are made up at the sandbox only, never at Stripe.")
    catalogue_sync.apply(catalogue_sync.compare())
    made = 0
    for number, life in enumerate(LIVES):
        account, is_new = Account.objects.get_or_create(
            schema_name=f"{PREFIX}{number}", tenant=None,
            defaults={"name": life.name, "legal_name": life.name, "country": life.country,
                      "billing_email": f"office@{PREFIX.strip('_')}{number}.example"},
        )  # fmt: skip
        if is_new:
            _play(account, life, timezone.now() - life.months * MONTH)
            made += 1
            say(f"{life.name}: {life.months:g} months")
    return made


def _play(account: Account, life: Life, start: datetime) -> None:
    wish = {"frozen_time": int(start.timestamp()), "name": life.name}
    clock = stripe_api.call(lambda api: api.test_helpers.test_clocks.create(wish))["id"]
    customer = str(accounts.connect(account, clock_id=clock).customer_id)
    if life.card:
        _pay_with(customer, life.card)
    about: dict[str, Any] = {
        "customer": customer, "items": prices.items(life.plan, life.interval),
        "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
    }  # fmt: skip
    if life.trial_days:
        about["trial_period_days"] = life.trial_days
    subscription = stripe_api.call(lambda api: api.subscriptions.create(about))["id"]
    for months, turn, what in life.turns:
        _go(clock, start + months * MONTH)
        TURNS[turn](customer, subscription, what)
    _go(clock, timezone.now())
    take_in(account)


def _go(clock: str, moment: datetime) -> None:
    wish = {"frozen_time": int(moment.timestamp())}
    stripe_api.call(lambda api: api.test_helpers.test_clocks.advance(clock, wish))


def _pay_with(customer: str, card: str) -> None:
    attached = {"customer": customer}
    method = stripe_api.call(lambda api: api.payment_methods.attach(card, attached))["id"]
    wish = {"invoice_settings": {"default_payment_method": method}}
    stripe_api.call(lambda api: api.customers.update(customer, wish))


def _change_plan(_customer: str, subscription: str, plan: str) -> None:
    held = stripe_api.retrieve("subscription", subscription)["items"]["data"]
    gone = [{"id": one["id"], "deleted": True} for one in held]
    wish = {
        "items": [*gone, *prices.items(plan, "month")], "proration_behavior": "always_invoice",
    }  # fmt: skip
    stripe_api.call(lambda api: api.subscriptions.update(subscription, wish))


def _cancel(_customer: str, subscription: str, _what: str) -> None:
    wish = {
        "cancel_at_period_end": True,
        "cancellation_details": {"feedback": "too_expensive", "comment": "The budget was cut."},
    }
    stripe_api.call(lambda api: api.subscriptions.update(subscription, wish))


def _take_card(customer: str, subscription: str, card: str) -> None:
    """Another card; what is open is tried with it."""
    _pay_with(customer, card)
    if card == BAD_CARD:
        return
    for invoice in stripe_api.pages("invoices", subscription=subscription, status="open"):
        _pay(str(invoice["id"]))


def _pay(invoice: str) -> None:
    stripe_api.call(lambda api: api.invoices.pay(invoice))


def _refund(_customer: str, subscription: str, _what: str) -> None:
    invoices = stripe_api.pages("invoices", subscription=subscription, status="paid")
    paid = next(one for one in invoices if one["amount_paid"] >= REFUND)
    wish = {"invoice": paid["id"], "amount": REFUND, "refund_amount": REFUND,
            "reason": "product_unsatisfactory", "memo": "A day without service"}  # fmt: skip
    stripe_api.call(lambda api: api.credit_notes.create(wish))


TURNS: Final[dict[str, Callable[[str, str, str], None]]] = {
    "plan": _change_plan,
    "cancel": _cancel,
    "card": _take_card,
    "refund": _refund,
}


def take_in(account: Account) -> None:
    """Fetch and keep all of a customer's objects, as a reconciliation would."""
    for kind in TAKEN_IN:
        if kind == "customer":
            objects.fetch(kind, str(account.customer_id))
            continue
        wish: dict[str, Any] = {"customer": account.customer_id}
        if kind == "subscription":
            wish["status"] = "all"
        for found in stripe_api.each(kind, **wish):
            objects.store(found)
            if kind == "charge":
                _take_in_what_follows(str(found["id"]))
    accounts.settle(account)
    ledger.recognise(account=account)


def _take_in_what_follows(charge: str) -> None:
    for kind in ("refund", "dispute"):
        for found in stripe_api.each(kind, charge=charge):
            objects.store(found)
