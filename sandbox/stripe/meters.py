"""Meters and what they count. https://docs.stripe.com/billing/subscriptions/usage-based."""

from __future__ import annotations

from sandbox.stripe import identifiers
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import assign, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.listing import listing, page
from sandbox.stripe.store import Store

METER, EVENT = "billing.meter", "billing.meter_event"
OLDEST, SOONEST = 35 * 86_400, 5 * 60  # seconds from now that an event may lie away


def create(call: Call) -> Document:
    params, store = call.params, call.store
    name = params["event_name"]
    if store.select(METER, event_name=name, status="active"):
        text = f"An active meter with event_name {name} already exists."
        raise StripeError(text, param="event_name")
    now = store.now()
    mapping = params.get("customer_mapping") or {}
    values = params.get("value_settings") or {}
    meter = {
        "id": identifiers.new("mtr"),
        "object": METER,
        "created": now,
        "customer_mapping": {
            "event_payload_key": mapping.get("event_payload_key", "stripe_customer_id"),
            "type": "by_id",
        },
        "default_aggregation": params["default_aggregation"],
        "display_name": params["display_name"],
        "event_name": name,
        "event_time_window": params.get("event_time_window"),
        "livemode": False,
        "status": "active",
        "status_transitions": {"deactivated_at": None},
        "updated": now,
        "value_settings": {"event_payload_key": values.get("event_payload_key", "value")},
    }
    return store.insert(meter, "billing.meter.created")


def update(call: Call) -> Document:
    meter = call.store.get(call.id, METER)
    assign(meter, call.params, "display_name")
    return call.store.save(meter, "billing.meter.updated")


def _switch(call: Call, status: str, event: str) -> Document:
    meter = call.store.get(call.id, METER)
    meter["status"] = status
    now = call.store.now()
    meter["status_transitions"]["deactivated_at"] = now if status == "inactive" else None
    return call.store.save(meter, event)


def deactivate(call: Call) -> Document:
    return _switch(call, "inactive", "billing.meter.deactivated")


def reactivate(call: Call) -> Document:
    return _switch(call, "active", "billing.meter.reactivated")


def count(call: Call) -> Document:
    """One event; of two with one identifier the second is refused."""
    params, store = call.params, call.store
    meters = store.select(METER, event_name=params["event_name"], status="active")
    if not meters:
        text = f"No active meter found for event name {params['event_name']}."
        raise StripeError(text, status=404, code="resource_missing")
    payload, meter = params["payload"], meters[0]
    customer = payload.get(meter["customer_mapping"]["event_payload_key"], "")
    store.get(customer, "customer", "payload[stripe_customer_id]")
    identifier = params.get("identifier") or identifiers.random_text(24)
    if store.select(EVENT, identifier=identifier):
        text = f"An event already exists with identifier {identifier}."
        raise StripeError(text, code="duplicate_meter_event")
    now = store.now(customer)
    moment = params.get("timestamp", now)
    if not now - OLDEST <= moment <= now + SOONEST:
        text = "The timestamp must be within the past 35 days or up to 5 minutes in the future."
        raise StripeError(text, param="timestamp")
    event = {
        "id": identifiers.new("mev"),
        "object": EVENT,
        "created": now,
        "customer": customer,
        "event_name": params["event_name"],
        "identifier": identifier,
        "livemode": False,
        "payload": payload,
        "timestamp": moment,
        "_value": _value_of(meter, payload),
    }
    store.insert(event)
    return {key: value for key, value in event.items() if key not in ("id", "customer")}


def _value_of(meter: Document, payload: dict[str, str]) -> int:
    text = payload.get(meter["value_settings"]["event_payload_key"], "1")
    if not text.isdigit():
        raise StripeError(f"Invalid value: {text}", param="payload[value]")
    return int(text)


def used(store: Store, subscription: Document, item: Document) -> int:
    """What a metered item counted within its present period."""
    meter = store.get(item["price"]["recurring"]["meter"], METER)
    span = item["current_period_start"], item["current_period_end"]
    return aggregate(store, meter, subscription["customer"], span)


def aggregate(store: Store, meter: Document, customer: str, span: tuple[int, int]) -> int:
    found = store.select(EVENT, customer=customer, event_name=meter["event_name"])
    values = [one["_value"] for one in found if span[0] <= one["timestamp"] < span[1]]
    formula = meter["default_aggregation"]["formula"]
    if formula == "count":
        return len(values)
    if formula == "last":
        return values[-1] if values else 0
    return sum(values)


def summarize(call: Call) -> Document:
    meter, params = call.store.get(call.id, METER), call.params
    span = params["start_time"], params["end_time"]
    total = aggregate(call.store, meter, params["customer"], span)
    summary = {
        "id": identifiers.new("mtrusg"),
        "object": "billing.meter_event_summary",
        "aggregated_value": total,
        "end_time": span[1],
        "livemode": False,
        "meter": meter["id"],
        "start_time": span[0],
    }
    return page(call, [summary])


PATH = "/v1/billing/meters"
ENDPOINTS = [
    Endpoint("POST", PATH, "billing.MeterCreateParams", create),
    Endpoint("GET", PATH, "billing.MeterListParams", listing(METER)),
    Endpoint("GET", f"{PATH}/{{id}}", "billing.MeterRetrieveParams", reading(METER)),
    Endpoint("POST", f"{PATH}/{{id}}", "billing.MeterUpdateParams", update),
    Endpoint("POST", f"{PATH}/{{id}}/deactivate", "billing.MeterDeactivateParams", deactivate),
    Endpoint("POST", f"{PATH}/{{id}}/reactivate", "billing.MeterReactivateParams", reactivate),
    Endpoint(
        "GET", f"{PATH}/{{id}}/event_summaries", "billing.MeterEventSummaryListParams", summarize
    ),
    Endpoint("POST", "/v1/billing/meter_events", "billing.MeterEventCreateParams", count),
]
