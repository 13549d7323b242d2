"""Billing Portal: configurations and sessions. https://docs.stripe.com/api/customer_portal."""

from __future__ import annotations

from typing import Any

from sandbox.stripe import identifiers
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import assign, merged, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError, required
from sandbox.stripe.listing import listing
from sandbox.stripe.store import Store

CONFIGURATION, SESSION = "billing_portal.configuration", "billing_portal.session"
REASONS = {
    "too_expensive": "It's too expensive",
    "missing_features": "Some features are missing",
    "switched_service": "I found an alternative",
    "unused": "I no longer need it",
    "customer_service": "Customer service was less than expected",
    "too_complex": "Ease of use was less than expected",
    "low_quality": "Quality was less than expected",
    "other": "Other reason",
}


def _features(given: dict[str, Any]) -> Document:
    """All features, each as asked for or switched off."""
    cancel = given.get("subscription_cancel") or {}
    update = given.get("subscription_update") or {}
    details = given.get("customer_update") or {}
    reason = cancel.get("cancellation_reason") or {}
    return {
        "customer_update": {
            "allowed_updates": details.get("allowed_updates") or [],
            "enabled": details.get("enabled", False),
        },
        "invoice_history": given.get("invoice_history") or {"enabled": False},
        "payment_method_update": {
            "enabled": (given.get("payment_method_update") or {}).get("enabled", False),
            "payment_method_configuration": None,
        },
        "subscription_cancel": {
            "cancellation_reason": {
                "enabled": reason.get("enabled", False),
                "options": reason.get("options") or list(REASONS),
            },
            "enabled": cancel.get("enabled", False),
            "mode": cancel.get("mode", "at_period_end"),
            "proration_behavior": cancel.get("proration_behavior", "none"),
        },
        "subscription_update": {
            "billing_cycle_anchor": update.get("billing_cycle_anchor"),
            "default_allowed_updates": update.get("default_allowed_updates") or [],
            "enabled": update.get("enabled", False),
            "products": _products(update.get("products") or []),
            "proration_behavior": update.get("proration_behavior", "none"),
            "schedule_at_period_end": {"conditions": []},
            "trial_update_behavior": update.get("trial_update_behavior", "end_trial"),
        },
    }


def _products(wishes: list[dict[str, Any]]) -> list[Document]:
    none = {"enabled": False, "maximum": None, "minimum": 1}
    return [{"adjustable_quantity": none, **one, "prices": one["prices"]} for one in wishes]


def _configure(store: Store, params: dict[str, Any], *, default: bool) -> Document:
    about = params.get("business_profile") or {}
    names = ("headline", "privacy_policy_url", "terms_of_service_url")
    now = store.now()
    configuration = {
        "id": identifiers.new("bpc"),
        "object": CONFIGURATION,
        "active": True,
        "business_profile": {name: about.get(name) or None for name in names},
        "created": now,
        "default_return_url": params.get("default_return_url"),
        "features": _features(params.get("features") or {}),
        "is_default": default,
        "livemode": False,
        "login_page": {"enabled": False, "url": None},
        "metadata": merged(None, params.get("metadata")),
        "name": params.get("name"),
        "updated": now,
    }
    return store.insert(configuration, "billing_portal.configuration.created")


def default_configuration(store: Store) -> Document:
    """What Stripe's dashboard has when nobody changed it: everything that needs no catalogue."""
    for found in store.select(CONFIGURATION, is_default=True):
        return found
    on = {"enabled": True}
    updates = ["name", "email", "address", "tax_id"]
    features = {
        "customer_update": {"allowed_updates": updates, **on},
        "invoice_history": on,
        "payment_method_update": on,
        "subscription_cancel": {"cancellation_reason": {**on, "options": list(REASONS)}, **on},
    }
    return _configure(store, {"features": features}, default=True)


def create_configuration(call: Call) -> Document:
    return _configure(call.store, call.params, default=False)


def update_configuration(call: Call) -> Document:
    configuration, params = call.store.get(call.id, CONFIGURATION), call.params
    assign(configuration, params, "active", "default_return_url", "name")
    configuration["business_profile"] |= params.get("business_profile") or {}
    if "features" in params:
        changed = _features(params["features"])
        configuration["features"] |= {name: changed[name] for name in params["features"]}
    configuration["updated"] = call.store.now()
    return call.store.save(configuration, "billing_portal.configuration.updated")


def create_session(call: Call) -> Document:
    params, store = call.params, call.store
    if not params.get("customer"):
        raise required("customer")
    customer = store.get(params["customer"], "customer", "customer")
    if params.get("configuration"):
        configuration = store.get(params["configuration"], CONFIGURATION, "configuration")
    else:
        configuration = default_configuration(store)
    token = identifiers.random_text(40)
    session = {
        "id": identifiers.new("bps"),
        "object": SESSION,
        "configuration": configuration["id"],
        "created": store.now(),
        "customer": customer["id"],
        "flow": _flow(store, params.get("flow_data")),
        "livemode": False,
        "locale": params.get("locale"),
        "return_url": params.get("return_url") or configuration["default_return_url"],
        "url": f"{store.address}/p/session/{token}",
        "_token": token,
    }
    return store.insert(session, "billing_portal.session.created")


FLOWS = ("subscription_cancel", "subscription_update", "subscription_update_confirm")


def _flow(store: Store, wish: dict[str, Any] | None) -> Document | None:
    """Straight to one page, and from there to where it says."""
    if not wish:
        return None
    named = {name: wish.get(name) for name in FLOWS}
    for about in filter(None, named.values()):
        store.get(about["subscription"], "subscription", "flow_data[subscription]")
    if wish["type"] in FLOWS and not named[wish["type"]]:
        raise StripeError("Missing the flow's subscription.", param=f"flow_data[{wish['type']}]")
    after = {"hosted_confirmation": None, "redirect": None, "type": "portal_homepage"}
    cancel = named["subscription_cancel"]
    named["subscription_cancel"] = {"retention": None, **cancel} if cancel else None
    confirm = named["subscription_update_confirm"]
    named["subscription_update_confirm"] = {"discounts": None, **confirm} if confirm else None
    return {
        "after_completion": after | (wish.get("after_completion") or {}),
        "type": wish["type"],
        **named,
    }


PATH = "/v1/billing_portal"
ENDPOINTS = [
    Endpoint("POST", f"{PATH}/sessions", "billing_portal.SessionCreateParams", create_session),
    Endpoint(
        "POST",
        f"{PATH}/configurations",
        "billing_portal.ConfigurationCreateParams",
        create_configuration,
    ),
    Endpoint(
        "GET",
        f"{PATH}/configurations",
        "billing_portal.ConfigurationListParams",
        listing(CONFIGURATION),
    ),
    Endpoint(
        "GET",
        f"{PATH}/configurations/{{id}}",
        "billing_portal.ConfigurationRetrieveParams",
        reading(CONFIGURATION),
    ),
    Endpoint(
        "POST",
        f"{PATH}/configurations/{{id}}",
        "billing_portal.ConfigurationUpdateParams",
        update_configuration,
    ),
]
