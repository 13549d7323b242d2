"""What a line is for, in the customer's language: told by its price, not by Stripe's English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from apps.payments import catalogue
from apps.payments.catalogue import Interval
from apps.payments.documents.words import words
from apps.payments.stripe_values import identity

Object = Mapping[str, Any]
REFUND: Final = "toolboxai_refund"  # metadata of credit notes that this product made


class Sold(NamedTuple):
    """What a price of the catalogue is for. `part`: "" for the plan itself, `seats`, or a meter."""

    plan: str
    interval: Interval
    part: str


Prices = Mapping[str, Sold]


def price_ids(data: Object) -> set[str]:
    """The prices that an object's lines name."""
    return {_price_of(line) for line in data["lines"]["data"]} - {""}


def of_line(line: Object, prices: Prices, language: str) -> str:
    """Of an invoice; "" for what is not of the catalogue."""
    sold = prices.get(_price_of(line))
    if sold is None or sold.plan not in catalogue.PRICED:
        return ""
    say = words(language)
    name = _name(sold, say)
    if _is_proration(line):
        return say["unused" if line["amount"] < 0 else "remaining"].format(name=name)
    return say["trial"].format(name=name) if _is_free_for_now(line) else name


def of_refund(note: Object, number: str, language: str) -> str:
    """Of a credit note that this product made to give back a part of an invoice with that number;
    "" for others.
    """
    if REFUND not in (note.get("metadata") or {}):
        return ""
    say = words(language)
    reason = say.get(f"reason_{note.get('reason')}", "")
    return ": ".join(filter(None, (say["credit_on"].format(number=number), reason)))


def _price_of(line: Object) -> str:
    return identity(_details(line.get("pricing"), "price_details").get("price"))


def _details(found: Any, name: str) -> Object:
    details: Object = (found or {}).get(name) or {}
    return details


def _name(sold: Sold, say: Mapping[str, str]) -> str:
    plan = catalogue.PRICED[sold.plan].plan.name
    return ", ".join(filter(None, (say.get(sold.part, sold.part), plan, say[sold.interval])))


def _is_proration(line: Object) -> bool:
    parent = line.get("parent") or {}
    return bool(_details(parent, parent.get("type") or "").get("proration"))


def _is_free_for_now(line: Object) -> bool:
    """A period of a trial is billed at nothing, though its price is something."""
    price = (line.get("pricing") or {}).get("unit_amount_decimal")
    return not line["amount"] and bool(line.get("quantity")) and float(price or 0) > 0
