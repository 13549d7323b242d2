"""Tax ids of customers. https://docs.stripe.com/api/tax_ids, ../testing for magic values."""

from __future__ import annotations

import re
from typing import Any

from sandbox.stripe import identifiers
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.listing import listing
from sandbox.stripe.store import Store

EU_VAT = re.compile(r"^[A-Z]{2}[0-9A-Z]{8,12}$")
# https://docs.stripe.com/billing/customer/tax-ids#test: these verify in a test account.
OUTCOMES = {"000000000": "verified", "111111111": "unverified", "222222222": "pending"}


def add(store: Store, customer: Document, wish: dict[str, Any]) -> Document:
    """Raises `tax_id_invalid` for a VAT number that cannot be one."""
    kind, value = wish["type"], wish["value"].replace(" ", "")
    if kind == "eu_vat" and not EU_VAT.match(value):
        raise StripeError(f"Invalid value for {kind}.", code="tax_id_invalid", param="value")
    tax_id = {
        "id": identifiers.new("txi"),
        "object": "tax_id",
        "country": value[:2] if kind == "eu_vat" else kind[:2].upper(),
        "created": store.now(customer),
        "customer": customer["id"],
        "livemode": False,
        "owner": {"type": "customer", "customer": customer["id"]},
        "type": kind,
        "value": value,
        "verification": _verification(kind, value, customer),
    }
    return store.insert(tax_id, "customer.tax_id.created")


def _verification(kind: str, value: str, customer: Document) -> Document | None:
    if kind not in ("eu_vat", "gb_vat", "au_abn"):
        return None
    return _answer(OUTCOMES.get(value[2:], "verified"), customer)


def _answer(status: str, customer: Document) -> Document:
    is_verified = status == "verified"
    return {
        "status": status,
        "verified_address": "123 TEST STREET" if is_verified else None,
        "verified_name": (customer["name"] or "TEST").upper() if is_verified else None,
    }


def look_up(store: Store, customer_id: str, status: str) -> int:
    """The tax office answers for what a customer has that is pending; how many."""
    customer = store.get(customer_id, "customer")
    found = [
        one
        for one in of_customer(store, customer_id)
        if (one["verification"] or {}).get("status") == "pending"
    ]
    for tax_id in found:
        tax_id["verification"] = _answer(status, customer)
        store.save(tax_id, "customer.tax_id.updated")
    return len(found)


def of_customer(store: Store, customer_id: str) -> list[Document]:
    return store.select("tax_id", customer=customer_id, deleted=None)


def create_below(call: Call) -> Document:
    customer = call.store.get(call.ids["customer"], "customer", "customer")
    return add(call.store, customer, call.params)


def create(call: Call) -> Document:
    owner = call.params.get("owner") or {}
    if not owner.get("customer"):
        raise StripeError("Tax ids of the account itself are not kept here.", param="owner")
    return add(call.store, call.store.get(owner["customer"], "customer"), call.params)


def delete(call: Call) -> Document:
    tax_id = call.store.get(call.id, "tax_id")
    return call.store.delete(tax_id, "customer.tax_id.deleted")


BELOW = "/v1/customers/{customer}/tax_ids"
ENDPOINTS = [
    Endpoint("POST", BELOW, "CustomerTaxIdCreateParams", create_below),
    Endpoint("GET", f"{BELOW}/{{id}}", "CustomerTaxIdRetrieveParams", reading("tax_id")),
    Endpoint("DELETE", f"{BELOW}/{{id}}", "CustomerTaxIdDeleteParams", delete),
    Endpoint("POST", "/v1/tax_ids", "TaxIdCreateParams", create),
    Endpoint("GET", "/v1/tax_ids", "TaxIdListParams", listing("tax_id")),
    Endpoint("GET", "/v1/tax_ids/{id}", "TaxIdRetrieveParams", reading("tax_id")),
    Endpoint("DELETE", "/v1/tax_ids/{id}", "TaxIdDeleteParams", delete),
]
