"""What a subscription was worth a month, and from when on, read from its own invoices.

Invoices do not change any more once they are final, and can be fetched again whenever they are
wanted. So the history is the same whatever the order in which anything was heard of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from apps.payments.stripe_values import moment

Document = Mapping[str, Any]

DAY = 86_400
MONTH_DAYS, YEAR_DAYS = Decimal("30.44"), Decimal("365.25")
LONGEST_MONTHS = 300  # days; what is longer is counted in years
NEVER_BEGAN = ("incomplete", "incomplete_expired")
FINAL = ("open", "paid", "uncollectible")


@dataclass(frozen=True)
class Change:
    """From `at` on a month is worth `monthly` minor units; `text` is what is paid for."""

    at: datetime
    monthly: int
    text: str = ""


@dataclass
class _Worth:
    """A running value; `slack` is how far it may be wrong by what Stripe rounded."""

    monthly: Decimal = Decimal(0)
    slack: Decimal = Decimal(0)
    months: int = 1
    seconds: int = 1
    text: str = ""


def changes(subscription: Document, invoices: Iterable[Document]) -> list[Change]:
    """All changes of a subscription's worth, in order.

    Counted is what recurs at a price that is known before: not what is metered (in arrears), not
    single items, not taxes; after discounts. A period that was invoiced and voided, as while
    collection is paused, is worth nothing, nor is a trial.
    """
    if subscription["status"] in NEVER_BEGAN:
        return []
    worth, found = _Worth(), list[Change]()
    for at, lines in _moments(subscription["id"], invoices):
        before, slack = worth.monthly, worth.slack
        _apply(worth, lines)
        if found and abs(worth.monthly - before) <= slack + 1 and not _is_step(lines):
            found[-1] = Change(found[-1].at, _whole(worth.monthly), found[-1].text)
        else:
            found.append(Change(moment(at), _whole(worth.monthly), worth.text))
    if subscription.get("ended_at"):
        ended = moment(subscription["ended_at"])
        found = [one for one in found if one.at < ended]
        found.append(Change(ended, 0))
    return _without_repeats(found)


def _moments(subscription_id: str, invoices: Iterable[Document]) -> list[tuple[int, list[_Line]]]:
    at: dict[int, list[_Line]] = {}
    for invoice in invoices:
        for line in _lines(subscription_id, invoice):
            at.setdefault(line.start, []).append(line)
    return sorted(at.items())


@dataclass(frozen=True)
class _Line:
    start: int
    end: int
    net: int
    full: Decimal | None
    is_proration: bool
    text: str


def _lines(subscription_id: str, invoice: Document) -> Iterator[_Line]:
    """What recurs of an invoice."""
    if invoice["status"] not in (*FINAL, "void"):
        return
    for line in invoice["lines"]["data"]:
        parent = line.get("parent") or {}
        about = parent.get(parent.get("type", "")) or {}
        if about.get("subscription") != subscription_id:
            continue
        start, end = line["period"]["start"], line["period"]["end"]
        prorates = bool(about.get("proration"))
        if prorates and invoice["status"] == "void":
            continue
        # What is paid for afterwards was measured. Licensed items are paid for before.
        if end <= start or (not prorates and end <= invoice["created"]):
            continue
        off = sum(one["amount"] for one in line.get("discount_amounts") or [])
        net = 0 if invoice["status"] == "void" else line["amount"] - off
        yield _Line(start, end, net, _full(line), prorates, line.get("description") or "")


def _full(line: Document) -> Decimal | None:
    """A whole period at the price, where it has one for a unit."""
    unit = (line.get("pricing") or {}).get("unit_amount_decimal")
    return None if unit is None else Decimal(str(unit)) * (line.get("quantity") or 0)


def _apply(worth: _Worth, lines: list[_Line]) -> None:
    whole = [line for line in lines if not line.is_proration]
    if whole:
        first = whole[0]
        worth.months, worth.seconds = _months(first), first.end - first.start
        worth.monthly = sum((_monthly(line) for line in whole), Decimal(0))
        worth.slack = Decimal(0)
        worth.text = max(whole, key=lambda line: line.net).text
        return
    for line in lines:
        monthly, slack = _prorated(line, worth)
        worth.monthly += monthly
        worth.slack += slack
    worth.monthly = max(worth.monthly, Decimal(0))
    worth.text = max(lines, key=lambda line: line.net).text


def _monthly(line: _Line) -> Decimal:
    return Decimal(line.net) / _months(line)


def _prorated(line: _Line, worth: _Worth) -> tuple[Decimal, Decimal]:
    """What a part of a period is worth in a month, and how far that may be off: exactly where the
    price explains it, else in proportion, in which half a minor unit grows.
    """
    part = Decimal(line.end - line.start) / worth.seconds
    sign = -1 if line.net < 0 else 1
    if line.full is not None and abs(line.full * part - abs(line.net)) <= 1:
        return sign * line.full / worth.months, Decimal(0)
    return Decimal(line.net) / part / worth.months, Decimal("0.5") / part / worth.months


def _months(line: _Line) -> int:
    days = Decimal(line.end - line.start) / DAY
    if days > LONGEST_MONTHS:
        return 12 * max(1, round(days / YEAR_DAYS))
    return max(1, round(days / MONTH_DAYS))


def _is_step(lines: list[_Line]) -> bool:
    """A change that was asked for, not merely a next period."""
    return any(line.is_proration for line in lines)


def _without_repeats(found: list[Change]) -> list[Change]:
    """Only where the worth changes; it is nothing before the first."""
    kept, monthly = list[Change](), 0
    for change in found:
        if change.monthly != monthly:
            kept.append(change)
            monthly = change.monthly
    return kept


def _whole(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))
