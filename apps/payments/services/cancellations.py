"""Leaving: at the end of what is paid, with a reason, an offer to stay, and a way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from apps.payments import catalogue, stripe_api
from apps.payments.catalogue import RETENTION, Chosen, Coupon
from apps.payments.models import Account, Attempt, Subscription
from apps.payments.services import attempts, changes, pauses, previews, prices
from apps.payments.services.attempts import Answer, Deed
from apps.payments.services.subscriptions import require_live
from apps.payments.stripe_values import identity
from apps.payments.subscription_errors import ChangeBlocked, NothingToChange, OfferTaken
from apps.tenants.access import require

# https://docs.stripe.com/api/subscriptions/cancel#cancel_subscription-cancellation_details-feedback
REASONS: Final[dict[str, str]] = {
    "too_expensive": "It costs too much",
    "unused": "We do not use it enough",
    "missing_features": "Something we need is missing",
    "switched_service": "We found something else",
    "too_complex": "It is too hard to use",
    "customer_service": "We were not helped well",
    "low_quality": "It does not work well enough",
    "other": "Another reason",
}


@dataclass(frozen=True)
class Offers:
    """What may speak for staying: a coupon (once), a cheaper plan, a pause."""

    coupon: str
    cheaper: Chosen | None
    cheaper_amount: int
    can_pause: bool


def offers(subscription: Subscription) -> Offers:
    cheaper = _cheaper(subscription)
    return Offers(
        coupon="" if was_offered(subscription.account) else _coupon_words(subscription),
        cheaper=cheaper,
        cheaper_amount=catalogue.amount(*cheaper) if cheaper else 0,
        can_pause=pauses.obstacle(subscription) == "",
    )


def was_offered(account: Account) -> bool:
    return account.attempts.filter(deed=STAY.name, state=Attempt.State.DONE).exists()


def cancel(*, account: Account, feedback: str, comment: str = "", by: Any) -> Subscription:
    """End it when what is paid for is over; until then all stays as it is and `keep` undoes it.
    `feedback` is one of `REASONS`. Raises `NotSubscribed`, `NothingToChange`, and as
    `attempts.carry_out`.
    """
    require("billing.update", by=by, tenant=account.tenant)
    subscription = require_live(account)

    def check() -> None:
        if subscription.cancel_at_period_end:
            raise NothingToChange("It ends with the period already.")

    params = {"feedback": feedback, "comment": comment.strip(), "subscription": subscription.pk}
    attempts.carry_out(CANCEL, account=account, params=params, by=by, check=check)
    return require_live(account)


def keep(*, account: Account, by: Any) -> Subscription:
    """Undo `cancel`. Raises `NotSubscribed`, `NothingToChange`, and as `attempts.carry_out`."""
    require("billing.update", by=by, tenant=account.tenant)
    subscription = require_live(account)

    def check() -> None:
        if not subscription.cancel_at_period_end:
            raise NothingToChange("It goes on already.")

    params = {"subscription": subscription.pk}
    attempts.carry_out(KEEP, account=account, params=params, by=by, check=check)
    return require_live(account)


def stay(*, account: Account, by: Any) -> Subscription:
    """Take the coupon that is offered to whoever wants to leave, once. Raises `OfferTaken`,
    `NotSubscribed`, `ChangeBlocked`, `NotForSale`, and as `attempts.carry_out`.
    """
    require("billing.update", by=by, tenant=account.tenant)
    subscription = require_live(account)

    def check() -> None:
        if was_offered(account):
            raise OfferTaken("You have taken this offer before. It is made once.")
        if subscription.status != Subscription.Status.ACTIVE:
            raise ChangeBlocked("The offer is for subscriptions that are paid.")

    params = {"subscription": subscription.pk}
    attempts.carry_out(STAY, account=account, params=params, by=by, check=check)
    return require_live(account)


def _coupon_words(subscription: Subscription) -> str:
    if subscription.status != Subscription.Status.ACTIVE:
        return ""
    coupon = _coupon_for(subscription)
    span = f"for {coupon.months} months" if coupon.months else "your next year"
    return f"{coupon.percent} % off {span}"


def _coupon_for(subscription: Subscription) -> Coupon:
    return RETENTION["year" if subscription.interval == "year" else "month"]


def _cheaper(subscription: Subscription) -> Chosen | None:
    ranks = list(catalogue.PRICED)
    try:
        present = previews.chosen_of(subscription)
    except catalogue.UnknownItems:
        return None
    place = ranks.index(present.plan)
    return Chosen(ranks[place - 1], present.interval, 0) if place else None


def _ask_cancel(attempt: Attempt) -> Answer:
    params = attempt.params
    details = {"feedback": params["feedback"], "comment": params["comment"]}
    wish = {
        "cancel_at_period_end": True,
        "cancellation_details": {key: value for key, value in details.items() if value},
    }
    return _update(attempt, wish, released=True)


def _ask_keep(attempt: Attempt) -> Answer:
    return _update(attempt, {"cancel_at_period_end": False})


def _ask_stay(attempt: Attempt) -> Answer:
    """The coupon beside those that there are, and no end."""
    present = stripe_api.retrieve("subscription", attempt.params["subscription"])
    coupon = prices.coupon(_coupon_for(require_live(attempt.account)))
    if attempt.tries and _has(present, coupon):
        return _touched(attempt)
    kept = [{"discount": identity(one)} for one in present["discounts"]]
    wish = {"discounts": [*kept, {"coupon": coupon}], "cancel_at_period_end": False}
    return _update(attempt, wish)


def _has(present: Mapping[str, Any], coupon: str) -> bool:
    """Whether an earlier try arrived."""
    about = {"expand": ["discounts"]}
    found = stripe_api.call(lambda api: api.subscriptions.retrieve(present["id"], about))
    sources = [(one.get("source") or {}).get("coupon") for one in found["discounts"]]
    return coupon in [identity(one) for one in sources]


def _update(attempt: Attempt, wish: dict[str, Any], *, released: bool = False) -> Answer:
    ident = attempt.params["subscription"]
    if released:
        changes.release(stripe_api.retrieve("subscription", ident), attempt.key)
    options = {"idempotency_key": attempt.key}
    stripe_api.call(lambda api: api.subscriptions.update(ident, wish, options))
    return _touched(attempt)


def _touched(attempt: Attempt) -> Answer:
    return Answer((("subscription", attempt.params["subscription"]),))


CANCEL: Final = Deed("cancel", "subscription.cancelled", "an end of the subscription", _ask_cancel)
KEEP: Final = Deed("keep", "subscription.kept", "the subscription to go on", _ask_keep)
STAY: Final = Deed("stay", "subscription.offer_taken", "the offer to stay", _ask_stay)
