"""Events: what happened, as it stood then, and to whom it is told."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from sandbox.stripe import API_VERSION, answers, identifiers

if TYPE_CHECKING:
    from sandbox.stripe.answers import Document
    from sandbox.stripe.store import Store

MISSING = object()


def changes(before: Document, after: Document) -> Document:
    """`previous_attributes`: what changed, as it was; nested where both are dictionaries."""
    found: Document = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if key.startswith("_") or old == new:
            continue
        nested = isinstance(old, dict) and isinstance(new, dict) and old.get("object") != "list"
        found[key] = changes(old, new) if nested and old and new else old
    return found


def record(
    store: Store, kind: str, document: Document, previous: Document | None = None
) -> Document:
    data: dict[str, Any] = {"object": answers.public(document)}
    if previous and kind.endswith(".updated"):
        data["previous_attributes"] = answers.public(previous)
    event = {
        "id": identifiers.new("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": store.now(document),
        "data": data,
        "livemode": False,
        "pending_webhooks": 0,
        "request": {name: store.request.get(name) for name in ("id", "idempotency_key")},
        "type": kind,
        "_about": document["id"],
    }
    endpoints = [one for one in store.select("webhook_endpoint") if _wants(one, kind)]
    event["pending_webhooks"] = len(endpoints)
    store.insert(event)
    for endpoint in endpoints:
        store.database.run(
            "INSERT INTO stripe_deliveries (account, event, endpoint, due) VALUES (?, ?, ?, ?)",
            store.account,
            event["id"],
            endpoint["id"],
            time.time(),
        )
    return event


def _wants(endpoint: Document, kind: str) -> bool:
    if endpoint["status"] != "enabled" or endpoint.get("deleted"):
        return False
    return "*" in endpoint["enabled_events"] or kind in endpoint["enabled_events"]


def payload(event: Document) -> str:
    """What an endpoint is sent, byte for byte what is signed."""
    return json.dumps(answers.public(event), indent=2)
