"""What most resources do alike: read, list, and set plain fields."""

from __future__ import annotations

from typing import Any

from sandbox.stripe.answers import Document
from sandbox.stripe.endpoint import Call, Handler
from sandbox.stripe.errors import StripeError

MOST_METADATA = 50


def reading(kind: str) -> Handler:
    def read(call: Call) -> Document:
        found = call.store.find(call.id)
        if found and found["object"] == kind and found.get("deleted"):
            return {"id": found["id"], "object": kind, "deleted": True}
        return call.store.get(call.id, kind)

    return read


def changing(kind: str, event: str, *names: str) -> Handler:
    """Set the named fields as they come; `metadata` is merged."""

    def changed(call: Call) -> Document:
        document = call.store.get(call.id, kind)
        assign(document, call.params, *names)
        return call.store.save(document, event)

    return changed


def assign(document: Document, params: dict[str, Any], *names: str) -> None:
    """Fields that were given; an empty string unsets one."""
    if "metadata" in params:
        document["metadata"] = merged(document.get("metadata"), params["metadata"])
    for name in names:
        if name in params:
            document[name] = None if params[name] == "" else params[name]


def merged(held: dict[str, str] | None, given: dict[str, str] | str | None) -> dict[str, str]:
    """https://docs.stripe.com/api/metadata: an empty value removes a key, "" all of them."""
    if not given or isinstance(given, str):
        return {}
    together = {**(held or {}), **given}
    kept = {key: value for key, value in together.items() if value != ""}
    if len(kept) > MOST_METADATA:
        raise StripeError(f"You can only have {MOST_METADATA} metadata keys.", param="metadata")
    return kept


def nothing_or(value: Any) -> Any:
    """None in the place of the empty string by which a form says it."""
    return None if value == "" else value


def address_of(given: Any) -> dict[str, Any] | None:
    if not given:
        return None
    names = ("city", "country", "line1", "line2", "postal_code", "state")
    return {name: given.get(name) or None for name in names}
