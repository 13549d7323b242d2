"""Tax rates, and the rates that automatic tax takes. https://docs.stripe.com/api/tax_rates."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import identifiers
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import assign, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.listing import listing
from sandbox.stripe.store import Store

PLAIN = ("active", "country", "description", "display_name", "jurisdiction", "state", "tax_type")
# Standard rates of value-added tax in the EU on 1 January 2026, and of its neighbours.
# https://europa.eu/youreurope/business/taxation/vat/vat-rules-rates
STANDARD = {
    "AT": 20, "BE": 21, "BG": 20, "CY": 19, "CZ": 21, "DE": 19, "DK": 25, "EE": 24, "ES": 21,
    "FI": 25.5, "FR": 20, "GR": 24, "HR": 25, "HU": 27, "IE": 23, "IT": 22, "LT": 21, "LU": 17,
    "LV": 21, "MT": 18, "NL": 21, "PL": 23, "PT": 23, "RO": 21, "SE": 25, "SI": 22, "SK": 23,
    "GB": 20, "CH": 8.1, "NO": 25,
}  # fmt: skip
HOME = "DE"


def add(store: Store, wish: dict[str, Any]) -> Document:
    rate = {
        "id": identifiers.new("txr"),
        "object": "tax_rate",
        "active": wish.get("active", True),
        "created": store.now(),
        "effective_percentage": wish["percentage"],
        "inclusive": wish["inclusive"],
        "livemode": False,
        "metadata": wish.get("metadata") or {},
        "percentage": wish["percentage"],
        "rate_type": "percentage",
    }
    assign(rate, wish, *PLAIN)
    return store.insert(rate, "tax_rate.created")


def automatic(store: Store, customer: Document) -> list[Document]:
    """The rate at the customer's place: none outside of where VAT is known."""
    country = (customer["address"] or {}).get("country") or ""
    if country not in STANDARD:
        return []
    for found in store.select("tax_rate", country=country, _automatic=True):
        return [found]
    wish = {"display_name": "VAT", "percentage": float(STANDARD[country]), "inclusive": False}
    rate = add(store, wish | {"country": country, "jurisdiction": country, "tax_type": "vat"})
    rate["_automatic"] = True
    return [store.save(rate)]


def create(call: Call) -> Document:
    return add(call.store, call.params)


def update(call: Call) -> Document:
    rate = call.store.get(call.id, "tax_rate")
    assign(rate, call.params, *PLAIN)
    return call.store.save(rate, "tax_rate.updated")


ENDPOINTS = [
    Endpoint("POST", "/v1/tax_rates", "TaxRateCreateParams", create),
    Endpoint("GET", "/v1/tax_rates", "TaxRateListParams", listing("tax_rate")),
    Endpoint("GET", "/v1/tax_rates/{id}", "TaxRateRetrieveParams", reading("tax_rate")),
    Endpoint("POST", "/v1/tax_rates/{id}", "TaxRateUpdateParams", update),
]
