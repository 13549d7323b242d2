"""Webhook endpoints and events. https://docs.stripe.com/api/webhook_endpoints."""

from __future__ import annotations

from sandbox.stripe import API_VERSION, identifiers
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import assign, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.listing import listing

KIND = "webhook_endpoint"


def create(call: Call) -> Document:
    """The answer holds the signing secret, the only one that does."""
    params = call.params
    if not params["url"].startswith(("http://", "https://")):
        raise StripeError("Invalid URL: an explicit scheme is needed.", code="url_invalid")
    endpoint = {
        "id": identifiers.new("we"),
        "object": KIND,
        "api_version": params.get("api_version") or API_VERSION,
        "created": call.store.now(),
        "description": params.get("description") or None,
        "enabled_events": params["enabled_events"],
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "status": "enabled",
        "url": params["url"],
        "_secret": f"whsec_{identifiers.random_text(32)}",
    }
    call.store.insert(endpoint)
    return endpoint | {"secret": endpoint["_secret"]}


def update(call: Call) -> Document:
    endpoint = call.store.get(call.id, KIND)
    assign(endpoint, call.params, "description", "enabled_events", "url")
    if "disabled" in call.params:
        endpoint["status"] = "disabled" if call.params["disabled"] else "enabled"
    return call.store.save(endpoint)


def delete(call: Call) -> Document:
    return call.store.delete(call.store.get(call.id, KIND))


def _narrow(call: Call, event: Document) -> bool:
    kinds = call.params.get("types")
    wanted = call.params.get("type")
    fits = wanted is None or event["type"] == wanted
    if wanted and wanted.endswith("*"):
        fits = event["type"].startswith(wanted[:-1])
    return fits and (kinds is None or event["type"] in kinds)


ENDPOINTS = [
    Endpoint("POST", "/v1/webhook_endpoints", "WebhookEndpointCreateParams", create),
    Endpoint("GET", "/v1/webhook_endpoints", "WebhookEndpointListParams", listing(KIND)),
    Endpoint("GET", "/v1/webhook_endpoints/{id}", "WebhookEndpointRetrieveParams", reading(KIND)),
    Endpoint("POST", "/v1/webhook_endpoints/{id}", "WebhookEndpointUpdateParams", update),
    Endpoint("DELETE", "/v1/webhook_endpoints/{id}", "WebhookEndpointDeleteParams", delete),
    Endpoint(
        "GET",
        "/v1/events",
        "EventListParams",
        listing("event", _narrow, "type", "types", "delivery_success"),
    ),
    Endpoint("GET", "/v1/events/{id}", "EventRetrieveParams", reading("event")),
]
