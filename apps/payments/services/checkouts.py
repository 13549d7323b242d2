"""Paying on Stripe's hosted page: https://docs.stripe.com/payments/checkout.

The page's address is made here and so is the way back. Whoever comes back is believed nothing:
Stripe is asked what became of the session, whether or not its webhook came before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone

from apps.core.errors import NotFound
from apps.payments import stripe_api
from apps.payments.catalogue import Chosen
from apps.payments.errors import StripeError
from apps.payments.models import Account, Attempt, Checkout, Subscription
from apps.payments.services import (
    accounts,
    attempts,
    duplicates,
    objects,
    pages,
    prices,
    promotions,
    subscriptions,
    tax_rates,
)
from apps.payments.services.attempts import Answer, Deed
from apps.payments.stripe_values import identity
from apps.payments.subscription_errors import AlreadySubscribed
from apps.tenants.access import require


@dataclass(frozen=True)
class Outcome:
    """What became of a visit. `subscription`: the one in force. `duplicate`: this visit paid for a
    second one, which was ended and its money sent back.
    """

    checkout: Checkout
    subscription: Subscription | None
    is_complete: bool
    duplicate: bool = False


def begin(*, account: Account, chosen: Chosen, promotion_code: str = "", by: Any) -> Checkout:
    """A page of Stripe's to pay on, at `url`. Who wants the same again is led to the same page;
    who wants something else gets a new one, and the former expires.

    Raises `AlreadySubscribed`, `PromotionCodeRefused`, and as `attempts.carry_out`.
    """
    require("billing.update", by=by, tenant=account.tenant)
    held = _still_open(account)
    subscriptions.require_none(account)
    params = {
        "mode": Checkout.Mode.SUBSCRIPTION.value, **chosen._asdict(),
        "promotion_code": promotion_code,
    }  # fmt: skip
    if held is not None and _is_for(held, params):
        return held
    promotions.discounts(promotion_code, account=account)
    return _open(account, params, by, lambda: subscriptions.require_none(account))


def begin_setup(*, account: Account, by: Any) -> Checkout:
    """A page of Stripe's to leave a means of payment on, for the subscription there is. Raises
    `NotSubscribed`, and as `attempts.carry_out`.
    """
    require("billing.update", by=by, tenant=account.tenant)
    held = _still_open(account)
    subscriptions.require_live(account)
    params = {
        "mode": Checkout.Mode.SETUP.value, "plan": "", "interval": "", "seats": 0,
        "promotion_code": "",
    }  # fmt: skip
    if held is not None and _is_for(held, params):
        return held
    return _open(account, params, by, lambda: None)


def conclude(*, account: Account, session_id: str, by: Any) -> Outcome:
    """Ask Stripe what became of a visit, and keep all of it. May be repeated. Raises `NotFound`
    for a session that is none of the account's, and `StripeError`.
    """
    require("billing.view", by=by, tenant=account.tenant)
    checkout = Checkout.objects.of(account).filter(pk=session_id).first()
    if checkout is None:
        raise NotFound("This checkout is not one of this workspace.")
    session = stripe_api.retrieve("checkout.session", session_id)
    complete = session["status"] == "complete"
    if complete and checkout.mode == Checkout.Mode.SETUP:
        _use_method(account, session)
    elif complete:
        _keep_bought(account, session)
    _note(checkout, session)
    doubled = duplicates.resolve(account) if complete else []
    accounts.settle(account)
    ident = identity(session["subscription"])
    return Outcome(checkout, subscriptions.live_of(account), complete, ident in doubled)


def unfinished(account: Account) -> Checkout | None:
    """A visit that was begun and not ended, as far as is known here."""
    return Checkout.objects.of(account).open().first()


def close(account: Account, key: str) -> None:
    """Nobody pays any more on a page that was opened before; `key` is of who asks. Raises
    `AlreadySubscribed` where it was paid this moment, and `StripeError`.
    """
    for held in Checkout.objects.of(account).open():
        _expire(held, key)


def _still_open(account: Account) -> Checkout | None:
    """The open one, after Stripe was asked about it."""
    held = unfinished(account)
    if held is None:
        return None
    conclude(account=account, session_id=held.pk, by=None)
    return unfinished(account)


def _is_for(held: Checkout, params: Mapping[str, Any]) -> bool:
    return all(getattr(held, name) == value for name, value in params.items())


def _open(account: Account, params: dict[str, Any], by: Any, check: Callable[[], None]) -> Checkout:
    attempt = attempts.carry_out(CHECKOUT, account=account, params=params, by=by, check=check)
    return Checkout.objects.get(pk=attempt.result["session"])


def _ask(attempt: Attempt) -> Answer:
    account = accounts.connect(attempt.account, key=attempt.key)
    close(account, attempt.key)
    params, done = attempt.params, pages.address(account, "billing_checkout_done")
    wish = {
        "mode": params["mode"],
        "customer": account.customer_id,
        "client_reference_id": str(account.pk),
        "success_url": f"{done}?session={{CHECKOUT_SESSION_ID}}",
        "cancel_url": pages.address(account, "billing_checkout_left"),
        "metadata": {"toolboxai_account": str(account.pk)},
        **(_bought(account, params) if params["plan"] else {"currency": account.currency}),
    }
    options = {"idempotency_key": attempt.key}
    session = stripe_api.call(lambda api: api.checkout.sessions.create(wish, options))
    Checkout.objects.get_or_create(
        pk=session["id"], defaults={"account": account, "url": session["url"], **params}
    )
    return Answer((), {"session": session["id"]})


def _bought(account: Account, params: Mapping[str, Any]) -> dict[str, Any]:
    code = params["promotion_code"]
    discounts = promotions.discounts(code, account=account)
    return {
        "line_items": prices.items(*Chosen.of(params)),
        **({"discounts": discounts} if discounts else {"allow_promotion_codes": True}),
        "subscription_data": {
            "default_tax_rates": tax_rates.ids_of(account),
            "metadata": {"toolboxai_account": str(account.pk)},
        },
    }


def _expire(held: Checkout, key: str) -> None:
    """Nobody pays on it any more; one that was paid meanwhile stays as it is."""
    options = {"idempotency_key": f"{key}-expire"}
    try:
        session = stripe_api.call(lambda api: api.checkout.sessions.expire(held.pk, {}, options))
    except StripeError as error:
        if not error.permanent:
            raise
        session = stripe_api.retrieve("checkout.session", held.pk)
    _note(held, session)
    if session["status"] == "complete":
        raise AlreadySubscribed("It was paid in another window this moment. Look at Billing again.")


def _keep_bought(account: Account, session: Mapping[str, Any]) -> None:
    objects.fetch("customer", str(account.customer_id), account)
    if subscription := identity(session["subscription"]):
        objects.fetch("subscription", subscription, account)
    if invoice := identity(session["invoice"]):
        objects.fetch("invoice", invoice, account)


def _use_method(account: Account, session: Mapping[str, Any]) -> None:
    """What was left becomes what all of the customer's invoices are paid with. May be repeated."""
    intent = stripe_api.retrieve("setup_intent", identity(session["setup_intent"]))
    method = identity(intent["payment_method"])
    customer = str(account.customer_id)
    settings = {"invoice_settings": {"default_payment_method": method}}
    stripe_api.call(lambda api: api.customers.update(customer, settings))
    subscription = subscriptions.live_of(account)
    if subscription is not None:
        wish, ident = {"default_payment_method": method}, subscription.pk
        stripe_api.call(lambda api: api.subscriptions.update(ident, wish))
        objects.fetch("subscription", ident, account)
    objects.fetch("customer", customer, account)


def _note(checkout: Checkout, session: Mapping[str, Any]) -> None:
    checkout.state = session["status"]
    checkout.subscription_id = identity(session["subscription"])
    if checkout.state != Checkout.State.OPEN:
        checkout.finished_at = checkout.finished_at or timezone.now()
    checkout.save(update_fields=["state", "subscription_id", "finished_at"])


CHECKOUT: Final = Deed("checkout", "subscription.checkout_begun", "a page to pay on", _ask)
