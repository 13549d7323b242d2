"""Items of a subscription that becomes another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from apps.payments import catalogue
from apps.payments.catalogue import Chosen
from apps.payments.services import prices


def changed(chosen: Chosen, held: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Items that make a subscription with the items `held` one of `chosen`: each part keeps its
    item, so that Stripe gives back what is unused of it. Raises `NotForSale`, `StripeError`.
    """
    present = {catalogue.part_of(item["price"])[2]: item for item in held}
    wishes = []
    for wish, item in zip(prices.items(*chosen), catalogue.items(*chosen), strict=True):
        before = present.pop(_part(item.key, chosen), None)
        wishes.append(wish | ({"id": before["id"]} if before else {}))
    gone = [{"id": item["id"], "deleted": True} | _cleared(item) for item in present.values()]
    return [*wishes, *gone]


def _part(key: str, chosen: Chosen) -> str:
    return key.removeprefix(catalogue.key_of(chosen.plan, chosen.interval)).removeprefix("_")


def _cleared(item: Mapping[str, Any]) -> dict[str, Any]:
    """Use that is not billed yet would be lost, which Stripe wants to hear said."""
    metered = item["price"]["recurring"]["usage_type"] == "metered"
    return {"clear_usage": True} if metered else {}
