"""Mandates for direct debits. https://docs.stripe.com/api/mandates."""

from __future__ import annotations

from sandbox.stripe import identifiers
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import reading
from sandbox.stripe.endpoint import Endpoint
from sandbox.stripe.store import Store


def of_method(store: Store, method: Document) -> str:
    """The mandate of a bank account, made when it is first debited."""
    for held in store.select("mandate", payment_method=method["id"]):
        return str(held["id"])
    reference = identifiers.random_text(12, "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789")
    online = {"ip_address": "127.0.0.1", "user_agent": "sandbox"}
    mandate = {
        "id": identifiers.new("mandate"),
        "object": "mandate",
        "created": store.now(method),
        "customer_acceptance": {
            "accepted_at": store.now(method),
            "online": online,
            "type": "online",
        },
        "livemode": False,
        "multi_use": {},
        "payment_method": method["id"],
        "payment_method_details": {
            "sepa_debit": {
                "reference": reference,
                "url": f"{store.address}/mandates/{reference}",
            },
            "type": "sepa_debit",
        },
        "status": "active",
        "type": "multi_use",
    }
    return str(store.insert(mandate)["id"])


ENDPOINTS = [Endpoint("GET", "/v1/mandates/{id}", "MandateRetrieveParams", reading("mandate"))]
