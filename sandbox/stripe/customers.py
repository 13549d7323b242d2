"""Customers. https://docs.stripe.com/api/customers."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import coupons, customer_balance, identifiers, tax_ids
from sandbox.stripe.answers import Document, list_of
from sandbox.stripe.documents import address_of, assign, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.listing import listing, page, searching
from sandbox.stripe.store import Store

PLAIN = (
    "business_name", "description", "email", "individual_name", "invoice_prefix", "name",
    "next_invoice_sequence", "phone", "preferred_locales", "tax_exempt",
)  # fmt: skip


def create(call: Call) -> Document:
    params, store = call.params, call.store
    if params.get("test_clock"):
        store.get(params["test_clock"], "test_helpers.test_clock", "test_clock")
    customer = blank(store, params.get("test_clock"))
    _set(store, customer, params)
    store.insert(customer, "customer.created")
    for wish in params.get("tax_id_data", []):
        tax_ids.add(store, customer, wish)
    if params.get("balance"):
        customer_balance.adjust(store, customer, params["balance"], "adjustment")
    if params.get("payment_method"):
        _attach(store, customer, params["payment_method"])
    return store.get(customer["id"], "customer")


def blank(store: Store, test_clock: str | None = None) -> Document:
    return {
        "id": identifiers.new("cus", 14),
        "object": "customer",
        "balance": 0,
        "created": store.now({"test_clock": test_clock}),
        "delinquent": False,
        "invoice_prefix": identifiers.random_text(8, "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "next_invoice_sequence": 1,
        "preferred_locales": [],
        "tax_exempt": "none",
        "test_clock": test_clock,
        "_cash_balance": None,
        "_tax": {"automatic_tax": "unrecognized_location", "ip_address": None, "location": None},
    }


def _set(store: Store, customer: Document, params: dict[str, Any]) -> None:
    assign(customer, params, *PLAIN)
    if "address" in params:
        customer["address"] = address_of(params["address"])
        known = bool(customer["address"] and customer["address"]["country"])
        customer["_tax"]["automatic_tax"] = "supported" if known else "unrecognized_location"
    if params.get("shipping"):
        shipping = params["shipping"]
        customer["shipping"] = {**shipping, "address": address_of(shipping["address"])}
    for name, value in params.get("invoice_settings", {}).items():
        customer["invoice_settings"][name] = value or None
    default = params.get("invoice_settings", {}).get("default_payment_method")
    if default:
        _require_own(store, customer, default)


def _require_own(store: Store, customer: Document, method_id: str) -> None:
    name = "invoice_settings[default_payment_method]"
    method = store.get(method_id, "payment_method", name)
    if method["customer"] != customer["id"]:
        raise StripeError(
            "The customer does not have a payment method with the ID "
            f"{method_id}. The payment method must be attached to the customer.",
            code="resource_missing",
            param=name,
        )


def _attach(store: Store, customer: Document, method_id: str) -> None:
    from sandbox.stripe import payment_methods

    payment_methods.attach_to(store, method_id, customer["id"])


def update(call: Call) -> Document:
    customer = call.store.get(call.id, "customer")
    if "balance" in call.params:
        difference = call.params["balance"] - customer["balance"]
        customer_balance.adjust(call.store, customer, difference, "adjustment")
    _set(call.store, customer, call.params)
    return call.store.save(customer, "customer.updated")


def delete(call: Call) -> Document:
    from sandbox.stripe import subscriptions

    customer = call.store.get(call.id, "customer")
    for subscription in call.store.select("subscription", customer=call.id):
        if subscription["status"] not in subscriptions.ENDED:
            subscriptions.end(call.store, subscription, "cancellation_requested")
    return call.store.delete(customer, "customer.deleted")


def delete_discount(call: Call) -> Document:
    customer = call.store.get(call.id, "customer")
    discount = customer["discount"]
    if discount is None:
        raise StripeError("No active discount for customer", status=404, code="resource_missing")
    customer["discount"] = None
    call.store.save(customer, "customer.updated")
    return coupons.ended(call.store, discount)


def list_payment_methods(call: Call) -> Document:
    call.store.get(call.id, "customer")
    found = call.store.select("payment_method", customer=call.id, newest_first=True)
    wanted = call.params.pop("type", None)
    return page(call, [one for one in found if wanted in (None, one["type"])])


def read_payment_method(call: Call) -> Document:
    method = call.store.get(call.ids["method"], "payment_method")
    if method["customer"] != call.id:
        raise StripeError("No such payment method for this customer.", status=404)
    return method


def list_tax_ids(call: Call) -> Document:
    call.store.get(call.id, "customer")
    return page(
        call, call.store.select("tax_id", customer=call.id, deleted=None, newest_first=True)
    )


def with_name(store: Store, about: dict[str, Any]) -> Document:
    """A customer that Checkout made from what was typed in. `about`: email, name, address."""
    customer = blank(store)
    customer |= {key: about.get(key) or None for key in ("email", "name", "phone")}
    customer["address"] = address_of(about.get("address"))
    return store.insert(customer, "customer.created")


def empty_list(call: Call) -> Document:
    return list_of([], call.path)


ENDPOINTS = [
    Endpoint("POST", "/v1/customers", "CustomerCreateParams", create),
    Endpoint("GET", "/v1/customers", "CustomerListParams", listing("customer")),
    Endpoint("GET", "/v1/customers/search", "CustomerSearchParams", searching("customer")),
    Endpoint("GET", "/v1/customers/{id}", "CustomerRetrieveParams", reading("customer")),
    Endpoint("POST", "/v1/customers/{id}", "CustomerUpdateParams", update),
    Endpoint("DELETE", "/v1/customers/{id}", "CustomerDeleteParams", delete),
    Endpoint(
        "DELETE", "/v1/customers/{id}/discount", "CustomerDeleteDiscountParams", delete_discount
    ),
    Endpoint(
        "GET",
        "/v1/customers/{id}/payment_methods",
        "CustomerPaymentMethodListParams",
        list_payment_methods,
    ),
    Endpoint(
        "GET",
        "/v1/customers/{id}/payment_methods/{method}",
        "CustomerPaymentMethodRetrieveParams",
        read_payment_method,
    ),
    Endpoint("GET", "/v1/customers/{id}/tax_ids", "CustomerTaxIdListParams", list_tax_ids),
    Endpoint("GET", "/v1/customers/{id}/sources", "CustomerPaymentSourceListParams", empty_list),
]
