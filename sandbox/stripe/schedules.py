"""Subscription schedules: changes that are planned.

https://docs.stripe.com/api/subscription_schedules.
"""

from __future__ import annotations

from typing import Any

from sandbox.stripe import identifiers, periods, subscription_endpoints, subscriptions
from sandbox.stripe.answers import Document
from sandbox.stripe.clocks import happening
from sandbox.stripe.documents import assign, merged, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError, required
from sandbox.stripe.listing import listing
from sandbox.stripe.store import Store

KIND = "subscription_schedule"
EVENT = "subscription_schedule.{}"


def create(call: Call) -> Document:
    params, store = call.params, call.store
    if params.get("from_subscription"):
        return _of_subscription(store, params)
    if not params.get("customer"):
        raise required("customer")
    customer = store.get(params["customer"], "customer", "customer")
    now, start = store.now(customer), params.get("start_date", "now")
    begins = now if start == "now" else int(start)
    schedule = _blank(store, customer["id"], params, now)
    schedule["phases"] = _phases(store, params.get("phases") or [], begins)
    store.insert(schedule, EVENT.format("created"))
    if begins <= now:
        _start(store, schedule)
    else:
        schedule["_due"] = begins
        store.save(schedule)
    return store.get(schedule["id"], KIND)


def _blank(store: Store, customer: str, params: dict[str, Any], now: int) -> Document:
    held = store.get(customer, "customer")
    settings = params.get("default_settings") or {}
    return {
        "id": identifiers.new("sub_sched"),
        "object": KIND,
        "billing_mode": {"flexible": None, "type": "classic"},
        "created": now,
        "customer": customer,
        "default_settings": {
            "application_fee_percent": None,
            "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
            "billing_cycle_anchor": "automatic",
            "billing_thresholds": None,
            "collection_method": settings.get("collection_method", "charge_automatically"),
            "default_payment_method": settings.get("default_payment_method"),
            "description": None,
            "invoice_settings": {
                "account_tax_ids": None,
                "custom_fields": None,
                "days_until_due": None,
                "description": None,
                "footer": None,
                "issuer": {"type": "self"},
            },
            "on_behalf_of": None,
            "transfer_data": None,
        },
        "end_behavior": params.get("end_behavior", "release"),
        "livemode": False,
        "metadata": merged(None, params.get("metadata")),
        "phases": [],
        "status": "not_started",
        "test_clock": held["test_clock"],
    }


def _phases(store: Store, wishes: list[dict[str, Any]], begins: int) -> list[Document]:
    phases = []
    for wish in wishes:
        start = begins if wish.get("start_date") in (None, "now") else int(wish["start_date"])
        if wish.get("end_date") not in (None, "now"):
            end = int(wish["end_date"])
        elif wish.get("duration"):
            about = wish["duration"]
            end = periods.nth(start, about["interval"], about.get("interval_count", 1), 1)
        else:
            raise required("phases[0][duration]")
        if end <= start:
            raise StripeError("A phase must end after it starts.", param="phases")
        phases.append(_phase(store, wish, start, end))
        begins = end
    return phases


NOTHING = (
    "application_fee_percent", "automatic_tax", "billing_cycle_anchor", "billing_thresholds",
    "description", "invoice_settings", "on_behalf_of", "transfer_data", "trial_end",
)  # fmt: skip


def _phase(store: Store, wish: dict[str, Any], start: int, end: int) -> Document:
    return {
        **dict.fromkeys(NOTHING),
        "add_invoice_items": [],
        "collection_method": wish.get("collection_method"),
        "currency": wish.get("currency", "eur"),
        "default_payment_method": wish.get("default_payment_method"),
        "default_tax_rates": [
            store.get(one, "tax_rate") for one in wish.get("default_tax_rates") or []
        ],
        "discounts": [
            dict.fromkeys(("coupon", "discount", "promotion_code")) | one
            for one in wish.get("discounts") or []
        ],
        "end_date": end,
        "items": [_item(one) for one in wish["items"]],
        "metadata": merged(None, wish.get("metadata")),
        "proration_behavior": wish.get("proration_behavior", "create_prorations"),
        "start_date": start,
    }


def _item(wish: dict[str, Any]) -> Document:
    if not wish.get("price"):
        raise required("phases[0][items][0][price]")
    return {
        "billing_thresholds": None,
        "discounts": [],
        "metadata": merged(None, wish.get("metadata")),
        "plan": wish["price"],
        "price": wish["price"],
        "quantity": wish.get("quantity", 1),
        "tax_rates": [],
    }


def _of_subscription(store: Store, params: dict[str, Any]) -> Document:
    """What the subscription is now becomes the first phase."""
    subscription = subscription_endpoints.alive(
        store, params["from_subscription"], "from_subscription"
    )
    if subscription["schedule"]:
        raise StripeError("This subscription has a schedule already.", param="from_subscription")
    items = subscription["items"]["data"]
    now = store.now(subscription)
    schedule = _blank(store, subscription["customer"], params, now)
    wish = {
        "currency": subscription["currency"],
        "items": [{"price": one["price"]["id"], "quantity": one.get("quantity")} for one in items],
        "default_payment_method": subscription["default_payment_method"],
        "default_tax_rates": [one["id"] for one in subscription["default_tax_rates"] or []],
        "discounts": [{"discount": one} for one in subscription["discounts"]],
    }
    span = items[0]["current_period_start"], items[0]["current_period_end"]
    schedule["phases"] = [_phase(store, wish, *span)]
    schedule |= {"subscription": subscription["id"], "status": "active"}
    _set_current(schedule, schedule["phases"][0])
    store.insert(schedule, EVENT.format("created"))
    subscription["schedule"] = schedule["id"]
    store.save(subscription, "customer.subscription.updated")
    return schedule


def _set_current(schedule: Document, phase: Document) -> None:
    span = {"start_date": phase["start_date"], "end_date": phase["end_date"]}
    schedule |= {"current_phase": span, "_due": phase["end_date"]}


def _start(store: Store, schedule: Document) -> None:
    if not schedule["phases"]:
        raise required("phases")
    first = schedule["phases"][0]
    settings = schedule["default_settings"]
    wish = {
        "collection_method": first["collection_method"] or settings["collection_method"],
        "customer": schedule["customer"],
        "items": _wishes(first),
        "metadata": first["metadata"],
        "days_until_due": 30,
    }
    if settings["default_payment_method"]:
        wish["default_payment_method"] = settings["default_payment_method"]
    subscription = subscriptions.begin(store, wish)
    subscription["schedule"] = schedule["id"]
    store.save(subscription)
    schedule |= {"subscription": subscription["id"], "status": "active"}
    _set_current(schedule, first)
    store.save(schedule, EVENT.format("updated"))


def _wishes(phase: Document) -> list[dict[str, Any]]:
    return [{"price": one["price"], "quantity": one["quantity"]} for one in phase["items"]]


@happening(KIND)
def move_on(store: Store, schedule: Document) -> None:
    """The next phase, or the end of the last."""
    if schedule["status"] == "not_started":
        _start(store, schedule)
        return
    now = store.now(schedule)
    following = [one for one in schedule["phases"] if one["end_date"] > now]
    if following:
        _enter(store, schedule, following[0])
    elif schedule["end_behavior"] == "cancel":
        _complete(store, schedule)
        subscription = store.get(schedule["subscription"], "subscription")
        subscriptions.end(store, subscription, "cancellation_requested")
    else:
        _release(store, schedule)


def _enter(store: Store, schedule: Document, phase: Document) -> None:
    subscription = store.get(schedule["subscription"], "subscription")
    _set_current(schedule, phase)
    store.save(schedule, EVENT.format("updated"))
    held = subscription["items"]["data"]
    wishes = _wishes(phase)
    changed = [{**wish, "id": item["id"]} for wish, item in zip(wishes, held, strict=False)]
    extra = wishes[len(held) :]
    gone = [{"id": item["id"], "deleted": True} for item in held[len(wishes) :]]
    wish = {
        "items": [*changed, *extra, *gone],
        "proration_behavior": phase["proration_behavior"],
        "metadata": phase["metadata"],
        **_settings(phase),
    }
    subscription_endpoints.change(store, subscription, wish)


def _settings(phase: Document) -> dict[str, Any]:
    """What a subscription has in a phase; what the phase does not say it has no more."""
    wish: dict[str, Any] = {
        "default_tax_rates": [one["id"] for one in phase["default_tax_rates"]],
        "discounts": [
            {name: value for name, value in one.items() if value} for one in phase["discounts"]
        ],
        "default_payment_method": phase["default_payment_method"] or "",
    }
    if phase["collection_method"]:
        wish["collection_method"] = phase["collection_method"]
    return wish


def _complete(store: Store, schedule: Document) -> None:
    schedule |= {"status": "completed", "completed_at": store.now(schedule), "_due": None}
    schedule["current_phase"] = None
    store.save(schedule, EVENT.format("completed"), always=True)


def _release(store: Store, schedule: Document) -> Document:
    """The subscription goes on as it is, and nothing more is planned."""
    subscription = store.find(schedule["subscription"] or "")
    if subscription:
        subscription["schedule"] = None
        store.save(subscription, "customer.subscription.updated")
    schedule |= {
        "current_phase": None,
        "released_at": store.now(schedule),
        "released_subscription": schedule["subscription"],
        "status": "released",
        "subscription": None,
        "_due": None,
    }
    return store.save(schedule, EVENT.format("released"), always=True)


def _open(call: Call) -> Document:
    schedule = call.store.get(call.id, KIND)
    if schedule["status"] not in ("active", "not_started"):
        text = f"You cannot change a schedule that is {schedule['status']}."
        raise StripeError(text)
    return schedule


def update(call: Call) -> Document:
    schedule, store = _open(call), call.store
    assign(schedule, call.params, "end_behavior")
    if "phases" in call.params:
        begins = (schedule["current_phase"] or {}).get("start_date", store.now(schedule))
        schedule["phases"] = _phases(store, call.params["phases"], begins)
        now = store.now(schedule)
        current = next(one for one in schedule["phases"] if one["end_date"] > now)
        if schedule["status"] == "active":
            _set_current(schedule, current)
            subscription = store.get(schedule["subscription"], "subscription")
            subscription_endpoints.change(store, subscription, _settings(current))
    return store.save(schedule, EVENT.format("updated"))


def release(call: Call) -> Document:
    return _release(call.store, _open(call))


def cancel(call: Call) -> Document:
    schedule, store = _open(call), call.store
    subscription = store.find(schedule["subscription"] or "")
    if subscription and subscription["status"] not in subscriptions.ENDED:
        subscriptions.end(store, subscription, "cancellation_requested")
    now = store.now(schedule)
    schedule |= {"canceled_at": now, "current_phase": None, "status": "canceled", "_due": None}
    return store.save(schedule, EVENT.format("canceled"), always=True)


PATH = "/v1/subscription_schedules"
ENDPOINTS = [
    Endpoint("POST", PATH, "SubscriptionScheduleCreateParams", create),
    Endpoint("GET", PATH, "SubscriptionScheduleListParams", listing(KIND)),
    Endpoint("GET", f"{PATH}/{{id}}", "SubscriptionScheduleRetrieveParams", reading(KIND)),
    Endpoint("POST", f"{PATH}/{{id}}", "SubscriptionScheduleUpdateParams", update),
    Endpoint("POST", f"{PATH}/{{id}}/release", "SubscriptionScheduleReleaseParams", release),
    Endpoint("POST", f"{PATH}/{{id}}/cancel", "SubscriptionScheduleCancelParams", cancel),
]
