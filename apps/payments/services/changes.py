"""Another plan, interval or number of seats: now and charged for the rest of the period where it is
more, when the period ends where it is less.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from apps.payments import catalogue, stripe_api
from apps.payments.catalogue import Chosen
from apps.payments.errors import StripeError
from apps.payments.models import Account, Attempt, Invoice, Subscription
from apps.payments.services import attempts, objects, previews, price_items, prices
from apps.payments.services.attempts import Answer, Deed
from apps.payments.services.subscriptions import live_of, require_live
from apps.payments.stripe_values import identity
from apps.payments.subscription_errors import (
    NothingToChange,
    PreviewOutdated,
    PromotionCodeRefused,
)
from apps.tenants.access import require

OLDEST_PREVIEW: Final = 3600  # seconds
# The bank wants to see the customer: https://docs.stripe.com/error-codes
ASKS_CUSTOMER: Final = frozenset(
    {
        "subscription_payment_intent_requires_action", "payment_intent_action_required",
        "authentication_required", "invoice_payment_intent_requires_action",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Changed:
    """`confirm_url`: Stripe's page where the customer shows their bank who they are; "" for
    nothing to do. `code_refused`: why the promotion code was not taken although all else is changed
    (somebody else used it up this moment); "" where it was, or there was none.
    """

    subscription: Subscription
    at_end: bool
    confirm_url: str = ""
    code_refused: str = ""


def apply(
    *,
    account: Account,
    chosen: Chosen,
    promotion_code: str = "",
    proration_date: int,
    total_now: int,
    by: Any,
) -> Changed:
    """Change it as was shown: `proration_date` and `total_now` are the preview's.

    Raises `PreviewOutdated` when it would no longer cost that, `CardDeclined` with nothing
    changed, and as `previews.preview` and `attempts.carry_out`.
    """
    require("billing.update", by=by, tenant=account.tenant)
    params = {
        **chosen._asdict(), "promotion_code": promotion_code, "proration_date": proration_date,
        "total_now": total_now, "discounts": _discounts_of(account),
    }  # fmt: skip
    attempt = attempts.carry_out(
        CHANGE, account=account, params=params, by=by,
        check=lambda: _require_as_shown(account, params),
    )  # fmt: skip
    subscription = require_live(account)
    at_end, refused = bool(attempt.result["at_end"]), attempt.result.get("code_refused", "")
    return Changed(subscription, at_end, confirm_url(subscription), refused)


def drop_planned(*, account: Account, by: Any) -> Subscription:
    """Stay with what there is instead of the change that waits for the period's end. Raises
    `NothingToChange`, and as `attempts.carry_out`.
    """
    require("billing.update", by=by, tenant=account.tenant)
    subscription = require_live(account)

    def check() -> None:
        if not subscription.schedule_id:
            raise NothingToChange("No change is planned.")

    params = {"schedule": subscription.schedule_id}
    attempts.carry_out(UNPLAN, account=account, params=params, by=by, check=check)
    return require_live(account)


def planned(subscription: Subscription) -> Chosen | None:
    """What a change at the period's end will make of it. Raises `StripeError`."""
    if not subscription.schedule_id:
        return None
    schedule = stripe_api.retrieve("subscription_schedule", subscription.schedule_id)
    coming = _coming(schedule) if schedule["status"] == "active" else []
    return _of_phase(coming[0]) if coming else None


def confirm_url(subscription: Subscription) -> str:
    """Where an invoice that the bank asks about is confirmed and paid; "" for none."""
    invoice = Invoice.objects.filter(pk=subscription.latest_invoice_id).first()
    owed = invoice is not None and invoice.is_owed
    return invoice.hosted_url if invoice is not None and owed else ""


def plan_anew(subscription: Subscription, key: str) -> None:
    """Have what a planned change keeps of the subscription be what that has now. Raises
    `StripeError`.
    """
    chosen = planned(subscription)
    if chosen is not None:
        _plan(stripe_api.retrieve("subscription", subscription.pk), chosen, key)


def let_go(account: Account) -> None:
    """End a plan whose change has come: Stripe keeps it for another period, and whatever else is
    wanted would wait for that. Raises `StripeError`.
    """
    subscription = live_of(account)
    if subscription is None or not subscription.schedule_id:
        return
    schedule = stripe_api.retrieve("subscription_schedule", subscription.schedule_id)
    if schedule["status"] == "active" and not _coming(schedule):
        ident = schedule["id"]
        stripe_api.call(lambda api: api.subscription_schedules.release(ident))
        objects.fetch("subscription", subscription.pk, account)


def release(subscription: Mapping[str, Any], key: str) -> None:
    """End the plan for the period's end that a subscription may have."""
    schedule = identity(subscription["schedule"])
    if schedule:
        options = {"idempotency_key": f"{key}-release"}
        stripe_api.call(lambda api: api.subscription_schedules.release(schedule, {}, options))


def _require_as_shown(account: Account, params: Mapping[str, Any]) -> None:
    age = account.now.timestamp() - params["proration_date"]
    if not -OLDEST_PREVIEW < age < OLDEST_PREVIEW:
        raise PreviewOutdated("These amounts were worked out too long ago. Look at them again.")
    found = previews.of_change(
        require_live(account), Chosen.of(params), promotion_code=params["promotion_code"],
        proration_date=params["proration_date"],
    )  # fmt: skip
    if found.total_now != params["total_now"]:
        raise PreviewOutdated(
            "The amounts have changed since you looked. Look at them again, then confirm."
        )


def _discounts_of(account: Account) -> int:
    return len(require_live(account).data.get("discounts") or ())


def _ask_change(attempt: Attempt) -> Answer:
    subscription = require_live(attempt.account)
    present = stripe_api.retrieve("subscription", subscription.pk)
    chosen = Chosen.of(attempt.params)
    touched = (("customer", str(attempt.account.customer_id)), ("subscription", subscription.pk))
    held = catalogue.from_items(present["items"]["data"])
    at_end, refused = previews.is_less(held, chosen), ""
    if attempt.tries and held == chosen and _has_code(attempt, present):
        at_end = False  # it had arrived
    elif at_end and subscription.status != Subscription.Status.TRIALING:
        _plan(present, chosen, attempt.key)
    else:
        refused = _change_now(attempt, subscription, present, chosen)
    if not at_end:
        release(present, attempt.key)  # only now: a card that is declined changes no plans
    changed = stripe_api.retrieve("subscription", subscription.pk)
    invoice = identity(changed["latest_invoice"])
    result = {"at_end": at_end, "code_refused": refused}
    return Answer((*touched, *((("invoice", invoice),) if invoice else ())), result)


def _has_code(attempt: Attempt, present: Mapping[str, Any]) -> bool:
    code = attempt.params["promotion_code"]
    return not code or len(present["discounts"]) > attempt.params["discounts"]


def _change_now(
    attempt: Attempt, subscription: Subscription, present: Mapping[str, Any], chosen: Chosen
) -> str:
    """The items first, as previewed; then the code, which counts from the next period on. Why that
    was refused, where the items are changed all the same: a code that does not hold changes nothing
    as long as nothing is.
    """
    is_to_come = catalogue.from_items(present["items"]["data"]) != chosen
    # Only what changes items at once is charged at once: an earlier try may have done that.
    is_changed = bool(attempt.tries and attempt.params["total_now"]) and not is_to_come
    try:
        discounts = previews.with_promotion(subscription, attempt.params["promotion_code"])
        if is_to_come:
            _change_items(attempt, subscription, present, chosen)
            is_changed = True
        if discounts is not None:
            wish = {"discounts": discounts, "proration_behavior": "none"}
            _update(subscription.pk, wish, f"{attempt.key}-code")
    except (PromotionCodeRefused, StripeError) as error:
        if not is_changed or (isinstance(error, StripeError) and not error.permanent):
            raise
        return error.detail
    return ""


def _change_items(
    attempt: Attempt, subscription: Subscription, present: Mapping[str, Any], chosen: Chosen
) -> None:
    wish: dict[str, Any] = {
        "items": price_items.changed(chosen, present["items"]["data"]),
        "payment_behavior": "error_if_incomplete",
    }
    if subscription.status == Subscription.Status.TRIALING:
        wish["proration_behavior"] = "none"
    else:
        date = attempt.params["proration_date"]
        wish |= {"proration_behavior": "always_invoice", "proration_date": date}
    try:
        _update(subscription.pk, wish, attempt.key)
    except StripeError as error:
        if error.stripe_code not in ASKS_CUSTOMER and error.decline_code not in ASKS_CUSTOMER:
            raise
        # It comes into force with an open invoice, which Stripe's page has the bank confirm.
        again = wish | {"payment_behavior": "allow_incomplete"}
        _update(subscription.pk, again, f"{attempt.key}-confirm")


def _update(ident: str, wish: dict[str, Any], key: str) -> None:
    options = {"idempotency_key": key}
    stripe_api.call(lambda api: api.subscriptions.update(ident, wish, options))


def _plan(present: Mapping[str, Any], chosen: Chosen, key: str) -> None:
    """A schedule of two phases: what there is to the period's end, then what was chosen."""
    ident = present["id"]
    schedule = identity(present["schedule"])
    if not schedule:
        options = {"idempotency_key": f"{key}-schedule"}
        begun = {"from_subscription": ident}
        made = stripe_api.call(lambda api: api.subscription_schedules.create(begun, options))
        schedule = made["id"]
    held = present["items"]["data"]
    start = max(item["current_period_start"] for item in held)
    end = min(item["current_period_end"] for item in held)
    following: dict[str, Any] = {
        **_kept(present),
        "items": [dict(item) for item in prices.items(*chosen)],
        "duration": {"interval": chosen.interval, "interval_count": 1},
        "proration_behavior": "none",
        "metadata": {"toolboxai_plan": chosen.plan},
    }
    now = {
        **_kept(present),
        "items": [_as_phase(item) for item in held],
        "start_date": start,
        "end_date": end,
        "proration_behavior": "none",
    }
    wish = {"phases": [now, following], "end_behavior": "release"}
    options = {"idempotency_key": f"{key}-phases"}
    stripe_api.call(lambda api: api.subscription_schedules.update(schedule, wish, options))


def _kept(present: Mapping[str, Any]) -> dict[str, Any]:
    """What the subscription has and keeps in a phase. A phase that does not say so takes it away:
    https://docs.stripe.com/billing/subscriptions/subscription-schedules#updating.
    """
    found: dict[str, Any] = {
        "discounts": [{"discount": identity(one)} for one in present["discounts"]],
        "default_tax_rates": [identity(one) for one in present["default_tax_rates"] or ()],
        "default_payment_method": identity(present["default_payment_method"]),
        "collection_method": present["collection_method"],
    }
    if days := present["days_until_due"]:
        found["invoice_settings"] = {"days_until_due": days}
    return {name: value for name, value in found.items() if value}


def _as_phase(item: Mapping[str, Any]) -> dict[str, Any]:
    quantity = item.get("quantity")
    return {"price": item["price"]["id"]} | ({} if quantity is None else {"quantity": quantity})


def _coming(schedule: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Phases that have not begun."""
    ends = (schedule["current_phase"] or {}).get("end_date") or 0
    return [phase for phase in schedule["phases"] if phase["start_date"] >= ends]


def _of_phase(phase: Mapping[str, Any]) -> Chosen | None:
    ids = {identity(item["price"]): item for item in phase["items"]}
    found = [
        {"price": stripe_api.retrieve("price", ident), "quantity": item.get("quantity")}
        for ident, item in ids.items()
    ]
    with suppress(catalogue.UnknownItems):  # made by hand, at Stripe
        return catalogue.from_items(found)
    return None


def _ask_unplan(attempt: Attempt) -> Answer:
    subscription = require_live(attempt.account)
    release(stripe_api.retrieve("subscription", subscription.pk), attempt.key)
    return Answer((("subscription", subscription.pk),))


CHANGE: Final = Deed("change", "subscription.changed", "another plan", _ask_change)
UNPLAN: Final = Deed(
    "unplan", "subscription.planned_change_dropped", "staying with your plan", _ask_unplan
)
