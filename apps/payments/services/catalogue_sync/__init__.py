"""Stripe has what `apps.payments.catalogue` declares: compared, shown, made so.

    for change in compare():        # what would have to be done; nothing is done yet
        change.carry_out()

Each change leaves Stripe nearer to the catalogue, so a run that was interrupted is simply done
again, and one after which nothing is different makes nothing.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from apps.payments.services.catalogue_sync.changes import Change, differences
from apps.payments.services.catalogue_sync.kinds import kinds

__all__ = ["Change", "compare"]


def compare(*, api: Any = None) -> list[Change]:
    """All that differs, in the order in which it can be done. `api`: the `v1` of Stripe's client,
    the product's own when left out. Raises `StripeError`.
    """
    found = kinds(api, seller=settings.SELLER["country"])
    return [change for kind in found for change in differences(kind)]
