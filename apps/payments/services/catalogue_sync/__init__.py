"""Stripe has what `apps.payments.catalogue` declares: compared, shown, made so.

    changes = compare()     # what would have to be done; nothing is done yet
    apply(changes)

Each change leaves Stripe nearer to the catalogue, so a run that was interrupted is simply done
again, and one after which nothing is different makes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from apps.payments.services import objects
from apps.payments.services.catalogue_sync.changes import Change, differences
from apps.payments.services.catalogue_sync.kinds import kinds
from apps.payments.services.mirror import KEPT

__all__ = ["Change", "apply", "compare"]


def compare() -> list[Change]:
    """All that differs, in the order in which it can be done. Raises `StripeError`."""
    found = kinds(seller=settings.SELLER["country"])
    return [change for kind in found for change in differences(kind)]


def apply(changes: Iterable[Change]) -> None:
    """Do them, and keep here what Stripe answers. Raises `StripeError` at the first that Stripe
    refuses; those before it are done.
    """
    for change in changes:
        answer = change.carry_out()
        if answer and answer["object"] in KEPT:
            objects.store(answer)
