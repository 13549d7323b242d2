"""`expand[]`: an object in the place of its id. https://docs.stripe.com/expand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.stripe.answers import Document, list_of, public
from sandbox.stripe.errors import StripeError
from sandbox.stripe.store import Store

DEEPEST = 4
Included = Callable[[Store, Document], Any]


def expand(store: Store, document: Document, paths: list[str]) -> Document:
    for path in paths:
        parts = path.split(".")
        if len([part for part in parts if part != "data"]) > DEEPEST:
            raise StripeError(f"You cannot expand more than {DEEPEST} levels of a property.")
        _expand(store, document, parts, path)
    return document


def _expand(store: Store, held: Any, parts: list[str], path: str) -> None:
    if isinstance(held, list):
        for one in held:
            _expand(store, one, parts, path)
        return
    if not isinstance(held, dict) or held.get("deleted"):
        return  # of what was deleted there is nothing but its id
    name, rest = parts[0], parts[1:]
    include = INCLUDED.get((str(held.get("object")), name))
    if include and held.get(name) is None:
        held[name] = include(store, held)
    if name not in held:
        text = f"This property cannot be expanded ({name})."
        raise StripeError(text, param="expand", code="property_not_expandable")
    held[name] = _in_place(store, held[name])
    if rest:
        _expand(store, held[name], rest, path)


def _in_place(store: Store, value: Any) -> Any:
    if isinstance(value, list):
        return [_in_place(store, one) for one in value]
    found = store.find(value) if isinstance(value, str) else None
    return public(found) if found else value


def _subscriptions(store: Store, customer: Document) -> Document:
    found = store.select("subscription", customer=customer["id"], newest_first=True)
    alive = [one for one in found if one["status"] not in ("canceled", "incomplete_expired")]
    return list_of(alive, f"/v1/customers/{customer['id']}/subscriptions")


def _tax_ids(store: Store, customer: Document) -> Document:
    found = store.select("tax_id", customer=customer["id"], deleted=None, newest_first=True)
    return list_of(found, f"/v1/customers/{customer['id']}/tax_ids")


def _payments(store: Store, invoice: Document) -> Document:
    found = store.select("invoice_payment", invoice=invoice["id"], newest_first=True)
    return list_of(found, "/v1/invoice_payments")


def _refunds(store: Store, charge: Document) -> Document:
    found = store.select("refund", charge=charge["id"], newest_first=True)
    return list_of(found, f"/v1/charges/{charge['id']}/refunds")


def _line_items(_store: Store, session: Document) -> Document:
    return list_of(session["_line_items"], f"/v1/checkout/sessions/{session['id']}/line_items")


def _kept(name: str) -> Included:
    def kept(store: Store, document: Document) -> Any:
        return (store.find(document["id"]) or document).get(f"_{name}")

    return kept


INCLUDED: dict[tuple[str, str], Included] = {
    ("charge", "refunds"): _refunds,
    ("checkout.session", "line_items"): _line_items,
    ("coupon", "applies_to"): _kept("applies_to"),
    ("customer", "cash_balance"): _kept("cash_balance"),
    ("customer", "sources"): lambda _store, one: list_of([], f"/v1/customers/{one['id']}/sources"),
    ("customer", "subscriptions"): _subscriptions,
    ("customer", "tax"): _kept("tax"),
    ("customer", "tax_ids"): _tax_ids,
    ("invoice", "confirmation_secret"): _kept("confirmation_secret"),
    ("invoice", "payments"): _payments,
    ("price", "currency_options"): _kept("currency_options"),
    ("price", "tiers"): _kept("tiers"),
}
