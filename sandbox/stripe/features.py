"""Features, and the products that have them.

https://docs.stripe.com/api/entitlements/feature and https://docs.stripe.com/api/product-feature.
"""

from __future__ import annotations

from sandbox.stripe import identifiers
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import assign, merged
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.listing import listing, page

KIND, ATTACHED = "entitlements.feature", "product_feature"


def create(call: Call) -> Document:
    params, store = call.params, call.store
    if store.select(KIND, lookup_key=params["lookup_key"]):
        raise StripeError(
            f"A feature with `lookup_key: {params['lookup_key']}` already exists.",
            param="lookup_key",
        )
    feature = {
        "id": identifiers.new("feat"),
        "object": KIND,
        "active": True,
        "livemode": False,
        "lookup_key": params["lookup_key"],
        "metadata": merged(None, params.get("metadata")),
        "name": params["name"],
    }
    return store.insert(feature)


def read(call: Call) -> Document:
    return call.store.get(call.id, KIND)


def update(call: Call) -> Document:
    feature = call.store.get(call.id, KIND)
    assign(feature, call.params, "active", "name")
    return call.store.save(feature)


def attach(call: Call) -> Document:
    store = call.store
    product = store.get(call.id, "product")
    feature = store.get(call.params["entitlement_feature"], KIND, "entitlement_feature")
    if not feature["active"]:
        raise StripeError("An inactive feature cannot be attached.", param="entitlement_feature")
    held = [one["entitlement_feature"]["id"] for one in _attached(call)]
    if feature["id"] in held:
        raise StripeError("The product has this feature.", param="entitlement_feature")
    attached = {
        "id": identifiers.new("prodft"),
        "object": ATTACHED,
        "entitlement_feature": feature,
        "livemode": False,
        "_product": product["id"],
    }
    return store.insert(attached)


def _attached(call: Call) -> list[Document]:
    product = call.store.get(call.id, "product")
    found = call.store.select(ATTACHED, newest_first=True, _product=product["id"])
    return [one for one in found if not one.get("deleted")]


def list_attached(call: Call) -> Document:
    return page(call, _attached(call))


def read_attached(call: Call) -> Document:
    call.store.get(call.id, "product")
    return call.store.get(call.ids["feature"], ATTACHED)


def detach(call: Call) -> Document:
    return call.store.delete(read_attached(call))


def _narrow(call: Call, feature: Document) -> bool:
    return bool(feature["active"]) != bool(call.params.get("archived"))


PATH, OF_PRODUCT = "/v1/entitlements/features", "/v1/products/{id}/features"
ONE = f"{OF_PRODUCT}/{{feature}}"
ENDPOINTS = [
    Endpoint("POST", PATH, "entitlements.FeatureCreateParams", create),
    Endpoint("GET", PATH, "entitlements.FeatureListParams", listing(KIND, _narrow, "archived")),
    Endpoint("GET", f"{PATH}/{{id}}", "entitlements.FeatureRetrieveParams", read),
    Endpoint("POST", f"{PATH}/{{id}}", "entitlements.FeatureUpdateParams", update),
    Endpoint("POST", OF_PRODUCT, "ProductFeatureCreateParams", attach),
    Endpoint("GET", OF_PRODUCT, "ProductFeatureListParams", list_attached),
    Endpoint("GET", ONE, "ProductFeatureRetrieveParams", read_attached),
    Endpoint("DELETE", ONE, "ProductFeatureDeleteParams", detach),
]
