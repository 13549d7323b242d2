"""What something would cost, worked out by Stripe: https://docs.stripe.com/api/invoices/create_preview."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from apps.payments import catalogue, stripe_api
from apps.payments.catalogue import Chosen
from apps.payments.errors import StripeError
from apps.payments.models import Account, Subscription
from apps.payments.services import price_items, prices, promotions, subscriptions, tax_rates
from apps.payments.services.periods import later as later_by
from apps.payments.stripe_values import identity, moment
from apps.payments.subscription_errors import ChangeBlocked, NothingToChange
from apps.tenants.access import require

RANKS: Final = {slug: rank for rank, slug in enumerate(catalogue.PRICED)}
NONE_COMING: Final = "invoice_upcoming_none"


@dataclass(frozen=True)
class Line:
    text: str
    amount: int


@dataclass(frozen=True)
class Amounts:
    """One invoice in minor units. `due` is what is taken from the means of payment, after credit;
    a negative `total` becomes credit.
    """

    currency: str
    subtotal: int
    discount: int
    tax: int
    total: int
    due: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Preview:
    """`now`: charged at once, None where nothing is. `later`: each following period, from
    `later_at` on. `offer`: what the promotion code takes off, in words; where it is used up one
    day, `afterwards` is what each period costs then, unless `later` is that. `starts_at`: when it
    comes into force, None for at once. `proration_date`: the second that all this is true for,
    which goes into the change itself.
    """

    chosen: Chosen
    promotion_code: str
    now: Amounts | None
    later: Amounts
    later_at: datetime | None
    starts_at: datetime | None
    proration_date: int
    offer: str = ""
    afterwards: Amounts | None = None

    @property
    def total_now(self) -> int:
        return self.now.total if self.now else 0


def preview(*, account: Account, chosen: Chosen, promotion_code: str = "", by: Any) -> Preview:
    """What a plan would cost: as a change of the subscription there is, else as a first one. Raises
    as `of_change` and `of_new`.
    """
    require("billing.view", by=by, tenant=account.tenant)
    subscription = subscriptions.live_of(account)
    if subscription is None:
        return of_new(account, chosen, promotion_code=promotion_code)
    return of_change(subscription, chosen, promotion_code=promotion_code)


def of_new(account: Account, chosen: Chosen, *, promotion_code: str = "") -> Preview:
    """A first subscription. Raises `PromotionCodeRefused`, `NotForSale`, `StripeError`."""
    promotion = promotions.typed(promotion_code, account=account)
    whole = _whole(account, chosen)
    first = later = _preview(account, promotion.discounts if promotion else [], **whole)
    afterwards = None
    if promotion and promotion.duration != "forever":
        full = _preview(account, [], **whole)
        later, afterwards = (full, None) if promotion.duration == "once" else (later, full)
    ends = max(line["period"]["end"] for line in first["lines"]["data"])
    return Preview(
        chosen, promotion_code, amounts(first), amounts(later), moment(ends), None,
        int(account.now.timestamp()), promotion.offer if promotion else "",
        amounts(afterwards) if afterwards else None,
    )  # fmt: skip


def of_change(
    subscription: Subscription,
    chosen: Chosen,
    *,
    promotion_code: str = "",
    proration_date: int | None = None,
) -> Preview:
    """Another plan, interval or number of seats. More comes into force at once and is charged for
    the rest of the period; less comes into force when the period ends, and nothing is given back.
    A promotion code counts from the next full period on: what is charged for the rest of this one
    is a proration, of which Stripe does not say whether it uses up a code that is good once
    (https://docs.stripe.com/billing/subscriptions/prorations#prorations-and-discounts).

    Raises `NothingToChange`, `ChangeBlocked`, and as `of_new`.
    """
    account = subscription.account
    require_changeable(subscription)
    present = chosen_of(subscription)
    if present == chosen and not promotion_code:
        raise NothingToChange("This is the plan you have, with as many seats.")
    moment = proration_date or int(account.now.timestamp())
    wish = {"items": price_items.changed(chosen, subscription.data["items"]["data"])}
    trial = subscription.status == Subscription.Status.TRIALING
    at_end = is_less(present, chosen) and not trial
    at_once = not (at_end or trial or present == chosen)
    if at_end and promotion_code:
        raise promotions.refused("A code is for what comes into force now. Leave it out here.")
    promotion = promotions.typed(promotion_code, account=account)
    about: dict[str, Any] = {
        "subscription": subscription.pk,
        "subscription_details": wish | {"proration_behavior": "none"},
    }
    later = _preview(account, with_promotion(subscription, promotion_code), **about)
    ends = promotion is not None and promotion.duration != "forever"
    afterwards = amounts(_preview(account, None, **about)) if ends else None
    now = None
    if at_once:
        details = wish | {"proration_behavior": "always_invoice", "proration_date": moment}
        now = amounts(_preview(account, None, **about | {"subscription_details": details}))
    later_at = subscription.period_end
    if present.interval != chosen.interval and now is not None:
        later_at = later_by(account.now, 12 if chosen.interval == "year" else 1)
    return Preview(
        chosen, promotion_code, now, amounts(later), later_at,
        subscription.period_end if at_end else None, moment,
        promotion.offer if promotion else "", afterwards,
    )  # fmt: skip


def of_renewal(subscription: Subscription) -> Amounts | None:
    """What the next invoice will be; None when there will be none. Raises `StripeError`."""
    try:
        return amounts(_preview(subscription.account, None, subscription=subscription.pk))
    except StripeError as error:
        if error.stripe_code == NONE_COMING:
            return None
        raise


def chosen_of(subscription: Subscription) -> Chosen:
    """The plan, interval and seats it is for now. Raises `catalogue.UnknownItems`: made by hand."""
    return catalogue.from_items(subscription.data["items"]["data"])


def is_less(present: Chosen, wanted: Chosen) -> bool:
    """Whether a change takes something away, so that it waits for what is paid to be used up."""
    if RANKS[wanted.plan] != RANKS[present.plan]:
        return RANKS[wanted.plan] < RANKS[present.plan]
    if wanted.interval != present.interval:
        return wanted.interval == "month"
    return wanted.seats < present.seats


def require_changeable(subscription: Subscription) -> None:
    """Raises `ChangeBlocked` with what comes first."""
    reasons = {
        Subscription.Status.PAST_DUE: "Pay the open invoice first.",
        Subscription.Status.UNPAID: "Pay the open invoices first.",
        Subscription.Status.INCOMPLETE: "Its first payment is not finished yet.",
    }
    reason = reasons.get(Subscription.Status(subscription.status), "")
    if subscription.cancel_at_period_end:
        reason = "It ends with the period. Keep it first, then change it."
    elif subscription.is_paused:
        reason = "It is paused. Resume it first, then change it."
    if reason:
        raise ChangeBlocked(reason)
    try:
        chosen_of(subscription)
    except catalogue.UnknownItems as error:
        reason = "It was made for you by hand. Write to us to have it changed."
        raise ChangeBlocked(reason) from error


def with_promotion(subscription: Subscription, code: str) -> list[dict[str, str]] | None:
    """The parameter `discounts` that adds a code to those that there are; None adds nothing.
    Raises `PromotionCodeRefused`.
    """
    if not code:
        return None
    held = subscription.data.get("discounts") or ()
    kept = [{"discount": identity(one)} for one in held]
    return [*kept, *promotions.discounts(code, account=subscription.account)]


def amounts(invoice: Mapping[str, Any]) -> Amounts:
    discounts = invoice.get("total_discount_amounts") or ()
    return Amounts(
        invoice["currency"],
        invoice["subtotal"],
        sum(one["amount"] for one in discounts),
        sum(one["amount"] for one in invoice.get("total_taxes") or ()),
        invoice["total"],
        invoice["amount_due"],
        tuple(
            Line(line["description"] or "", line["amount"])
            for line in invoice["lines"]["data"]
            if line["amount"]
        ),
    )


def _whole(account: Account, chosen: Chosen) -> dict[str, Any]:
    details = {
        "items": prices.items(*chosen),
        "default_tax_rates": tax_rates.ids_of(account),
    }
    return {"subscription_details": details}


def _preview(
    account: Account, discounts: list[dict[str, str]] | None, **about: Any
) -> dict[str, Any]:
    wish = dict(about)
    if account.customer_id:
        wish["customer"] = account.customer_id
    else:
        wish["customer_details"] = {"address": {"country": account.country or "DE"}}
    if discounts is not None:
        wish["discounts"] = discounts or ""
    found: dict[str, Any] = stripe_api.call(lambda api: api.invoices.create_preview(wish))
    return found
