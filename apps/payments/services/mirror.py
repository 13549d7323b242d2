"""dj-stripe's rows of Stripe's objects, raw: for staff, and for what the product asks seldom.

dj-stripe 2.11 reads several fields where Stripe had them before; the product's own rows
(`records`) are what it works by.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from djstripe import models

from apps.payments import stripe_api

KEPT: Final[dict[str, Any]] = {
    "coupon": models.Coupon,
    "customer": models.Customer,
    "invoice": models.Invoice,
    "price": models.Price,
    "product": models.Product,
    "promotion_code": models.PromotionCode,
    "subscription": models.Subscription,
    "tax_rate": models.TaxRate,
}


def keep(data: Mapping[str, Any]) -> None:
    """Write dj-stripe's row of an object of a kind that is kept; a deleted one goes. Raises
    `StripeError`.
    """
    model = KEPT.get(str(data["object"]))
    if model is None:
        return
    if data.get("deleted"):
        model.objects.filter(id=data["id"]).delete()
        return
    # What the object names and is not here yet, dj-stripe fetches by itself.
    stripe_api.lend(lambda: model.sync_from_stripe_data(stripe_api.revive(data)))
