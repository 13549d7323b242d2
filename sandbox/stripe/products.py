"""Products. https://docs.stripe.com/api/products."""

from __future__ import annotations

from sandbox.stripe import identifiers, prices
from sandbox.stripe.answers import Document
from sandbox.stripe.documents import assign, reading
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.listing import listing, searching

PLAIN = (
    "active", "description", "images", "marketing_features", "name", "package_dimensions",
    "shippable", "statement_descriptor", "tax_code", "unit_label", "url",
)  # fmt: skip


def create(call: Call) -> Document:
    params, store = call.params, call.store
    if params.get("id"):
        store.require_unused(params["id"], "product")
    now = store.now()
    product = {
        "id": params.get("id") or identifiers.new("prod", 14),
        "object": "product",
        "active": True,
        "created": now,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "type": params.get("type", "service"),
        "updated": now,
    }
    assign(product, params, *PLAIN)
    store.insert(product, "product.created")
    if "default_price_data" in params:
        wish = params["default_price_data"] | {"product": product["id"]}
        product["default_price"] = prices.add(store, wish)["id"]
        store.save(product)
    return product


def update(call: Call) -> Document:
    product = call.store.get(call.id, "product")
    assign(product, call.params, *PLAIN, "default_price")
    product["updated"] = call.store.now()
    return call.store.save(product, "product.updated")


def delete(call: Call) -> Document:
    product = call.store.get(call.id, "product")
    if call.store.select("price", product=call.id):
        raise StripeError(
            "This product cannot be deleted because it has one or more user-created prices."
        )
    return call.store.delete(product, "product.deleted")


def _narrow(call: Call, product: Document) -> bool:
    ids = call.params.get("ids")
    return ids is None or product["id"] in ids


ENDPOINTS = [
    Endpoint("POST", "/v1/products", "ProductCreateParams", create),
    Endpoint("GET", "/v1/products", "ProductListParams", listing("product", _narrow, "ids")),
    Endpoint("GET", "/v1/products/search", "ProductSearchParams", searching("product")),
    Endpoint("GET", "/v1/products/{id}", "ProductRetrieveParams", reading("product")),
    Endpoint("POST", "/v1/products/{id}", "ProductUpdateParams", update),
    Endpoint("DELETE", "/v1/products/{id}", "ProductDeleteParams", delete),
]
