"""https://docs.stripe.com/api/subscriptions and ../subscription_items."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import collection, cycles, invoice_items, invoices, subscriptions
from sandbox.stripe import subscription_changes as changes
from sandbox.stripe.answers import Document
from sandbox.stripe.coupons import ended
from sandbox.stripe.documents import assign
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import CARD_ERROR, StripeError, missing
from sandbox.stripe.listing import listing, page, searching
from sandbox.stripe.store import Store

KIND = "subscription"


def create(call: Call) -> Document:
    return subscriptions.begin(call.store, call.params)


def alive(store: Store, subscription_id: str, param: str = "id") -> Document:
    subscription = store.get(subscription_id, KIND, param)
    if subscription["status"] in subscriptions.ENDED:
        raise StripeError(
            "A canceled subscription can only update its cancellation_details and metadata."
        )
    return subscription


def update(call: Call) -> Document:
    subscription = call.store.get(call.id, KIND)
    if subscription["status"] in subscriptions.ENDED:
        if set(call.params) - {"cancellation_details", "metadata"}:
            alive(call.store, call.id)
        assign(subscription, call.params)
        subscription["cancellation_details"] |= call.params.get("cancellation_details") or {}
        return call.store.save(subscription, "customer.subscription.updated")
    return change(call.store, subscription, call.params)


def change(store: Store, subscription: Document, wish: dict[str, Any]) -> Document:
    """Change, and collect at once what is to be collected at once."""
    assign(subscription, wish)
    invoice = changes.apply(store, subscription, wish)
    for wanted in wish.get("add_invoice_items") or []:
        price = store.get(wanted["price"], "price", "add_invoice_items[0][price]")
        amount = (price["unit_amount"] or 0) * wanted.get("quantity", 1)
        about = {"price": price, "_subscription": subscription["id"]}
        invoice_items.add(store, subscription["customer"], price["currency"], amount, **about)
    if invoice is not None:
        paid = cycles.collect_now(store, invoice)
        behavior = wish.get("payment_behavior", "allow_incomplete")
        if behavior == "error_if_incomplete" and paid["status"] == "open":
            intent = collection.intent_of(store, paid) or {}
            error = intent.get("last_payment_error") or {}
            text = error.get("message", "The payment could not be completed.")
            code = error.get("code", "payment_intent_action_required")
            raise StripeError(text, status=CARD_ERROR, kind="card_error", code=code)
    return store.get(subscription["id"], KIND)


def cancel(call: Call) -> Document:
    subscription = alive(call.store, call.id)
    store, params = call.store, call.params
    if params.get("prorate"):
        changes.credit_unused(store, subscription)
    if params.get("invoice_now"):
        invoice = invoices.of_subscription(store, subscription, "subscription_update")
        pending = invoice_items.pending(store, subscription["customer"], subscription["id"])
        invoices.take_in(store, invoice, pending, "invoice.created")
        cycles.collect_now(store, invoice)
    details = params.get("cancellation_details") or {}
    given = {name: value or None for name, value in details.items()}
    subscription = store.get(call.id, KIND)
    return subscriptions.end(store, subscription, "cancellation_requested", **given)


def resume(call: Call) -> Document:
    """Out of `paused`, with a new period and its invoice."""
    subscription = alive(call.store, call.id)
    if subscription["status"] != "paused":
        raise StripeError("You can only resume a subscription with a `paused` status.")
    subscription["status"] = "active"
    wish = {"billing_cycle_anchor": "now", "proration_behavior": "none"}
    subscription["items"]["data"] = [
        item | {"current_period_end": call.store.now(subscription)}
        for item in subscription["items"]["data"]
    ]
    resumed = change(call.store, subscription, wish)
    return call.store.save(resumed, "customer.subscription.resumed", always=True)


def delete_discount(call: Call) -> Document:
    subscription = alive(call.store, call.id)
    if not subscription["discounts"]:
        raise StripeError("No active discount for subscription", status=404)
    discount = call.store.get(subscription["discounts"].pop(), "discount")
    call.store.save(subscription, "customer.subscription.updated")
    return ended(call.store, discount)


def _narrow(call: Call, subscription: Document) -> bool:
    wanted, params = call.params.get("status"), call.params
    status = subscription["status"]
    fits = {None: status != "canceled", "all": True, "ended": status in subscriptions.ENDED}
    if not fits.get(wanted, status == wanted):
        return False
    found = [item["price"]["id"] for item in subscription["items"]["data"]]
    return "price" not in params or params["price"] in found


def _of_item(store: Store, item_id: str) -> tuple[Document, Document]:
    for subscription in store.select(KIND):
        for item in subscription["items"]["data"]:
            if item["id"] == item_id:
                return subscription, item
    raise missing("subscription_item", item_id, "item")


def list_items(call: Call) -> Document:
    subscription = call.store.get(call.params["subscription"], KIND, "subscription")
    return page(call, list(reversed(subscription["items"]["data"])))


def read_item(call: Call) -> Document:
    return _of_item(call.store, call.id)[1]


def create_item(call: Call) -> Document:
    subscription = alive(call.store, call.params.pop("subscription"), "subscription")
    own = ("price", "price_data", "quantity", "metadata", "tax_rates")
    wish = {name: call.params.pop(name) for name in own if name in call.params}
    changed = change(call.store, subscription, call.params | {"items": [wish]})
    return dict(changed["items"]["data"][-1])


def update_item(call: Call) -> Document:
    subscription, item = _of_item(call.store, call.id)
    own = ("price", "price_data", "quantity", "metadata", "tax_rates")
    wish = {name: call.params.pop(name) for name in own if name in call.params}
    items = {"items": [wish | {"id": item["id"]}]}
    change(call.store, alive(call.store, subscription["id"]), call.params | items)
    return _of_item(call.store, call.id)[1]


def delete_item(call: Call) -> Document:
    subscription, item = _of_item(call.store, call.id)
    wish = call.params | {"items": [{"id": item["id"], "deleted": True}]}
    change(call.store, alive(call.store, subscription["id"]), wish)
    return {"id": item["id"], "object": "subscription_item", "deleted": True}


def read(call: Call) -> Document:
    return call.store.get(call.id, KIND)


PATH, ITEMS = "/v1/subscriptions", "/v1/subscription_items"
ENDPOINTS = [
    Endpoint("POST", PATH, "SubscriptionCreateParams", create),
    Endpoint("GET", PATH, "SubscriptionListParams", listing(KIND, _narrow, "status", "price")),
    Endpoint("GET", f"{PATH}/search", "SubscriptionSearchParams", searching(KIND)),
    Endpoint("GET", f"{PATH}/{{id}}", "SubscriptionRetrieveParams", read),
    Endpoint("POST", f"{PATH}/{{id}}", "SubscriptionUpdateParams", update),
    Endpoint("DELETE", f"{PATH}/{{id}}", "SubscriptionCancelParams", cancel),
    Endpoint("POST", f"{PATH}/{{id}}/resume", "SubscriptionResumeParams", resume),
    Endpoint(
        "DELETE", f"{PATH}/{{id}}/discount", "SubscriptionDeleteDiscountParams", delete_discount
    ),
    Endpoint("POST", ITEMS, "SubscriptionItemCreateParams", create_item),
    Endpoint("GET", ITEMS, "SubscriptionItemListParams", list_items),
    Endpoint("GET", f"{ITEMS}/{{id}}", "SubscriptionItemRetrieveParams", read_item),
    Endpoint("POST", f"{ITEMS}/{{id}}", "SubscriptionItemUpdateParams", update_item),
    Endpoint("DELETE", f"{ITEMS}/{{id}}", "SubscriptionItemDeleteParams", delete_item),
]
