"""Documents as answers: every key that the SDK knows of an object, and none of ours.

Keys that begin with `_` are the sandbox's own. A key that an object has only when it is asked
for (`expand`) is left out until then.
"""

from __future__ import annotations

import functools
import typing
from typing import Any

from stripe._object_classes import get_object_class

Document = dict[str, Any]
ONLY_WHEN_ASKED_FOR = {
    "charge": {"refunds"},
    "checkout.session": {"line_items"},
    "coupon": {"currency_options", "applies_to"},
    "customer": {"sources", "subscriptions", "tax_ids", "tax", "cash_balance"},
    "invoice": {"payments", "confirmation_secret"},
    "price": {"tiers", "currency_options"},
    "webhook_endpoint": {"secret"},
}
# Of their optional keys Stripe sends one or two: those that fit the type.
FEW_OF_MANY = {
    "account": frozenset(),
    "payment_method": frozenset({"customer", "customer_account"}),
}
EMBEDDED = 10  # entries that a list inside another object shows


@functools.cache
def optional_keys(kind: str) -> frozenset[str]:
    """Keys of an object that may be null, by the SDK's annotations."""
    if kind in FEW_OF_MANY:
        return FEW_OF_MANY[kind]
    annotations = get_object_class("V1", kind).__annotations__
    optional = {key for key, hint in annotations.items() if type(None) in typing.get_args(hint)}
    return frozenset(optional - ONLY_WHEN_ASKED_FOR.get(kind, set()) - {"deleted"})


def complete(document: Document) -> Document:
    """The same document, with null for what it does not say."""
    for key in optional_keys(document["object"]):
        document.setdefault(key, None)
    return document


def public(value: Any) -> Any:
    """What leaves the sandbox: without its own keys, embedded lists cut as Stripe cuts them."""
    if isinstance(value, list):
        return [public(one) for one in value]
    if not isinstance(value, dict):
        return value
    shown = {key: public(one) for key, one in value.items() if not key.startswith("_")}
    is_embedded = shown.get("object") == "list" and not value.get("_whole")
    if is_embedded and len(shown["data"]) > EMBEDDED:
        shown |= {"data": shown["data"][:EMBEDDED], "has_more": True}
    return shown


def list_of(data: list[Document], url: str, **more: Any) -> Document:
    return {"object": "list", "data": data, "has_more": False, "url": url, **more}
