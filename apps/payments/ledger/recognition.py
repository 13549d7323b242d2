"""When an invoice line is earned: by day over its period, to the cent.

Of a period of n days a share of d/n is earned once d whole days (UTC) are over. Earned so far is
always rounded down to a whole minor unit, so the last day takes what is left and the sum is the
line's amount. Nothing is earned before the invoice is final; then all days before are at once, so
use that is charged in arrears is earned at once. A credit note takes back along its line's own
days: what was earned of it at once, the rest as it would have been.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from apps.payments.ledger import invoices
from apps.payments.ledger.movements import Data
from apps.payments.stripe_values import day, identity

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Schedule:
    """`amount`: minor units, negative for what is taken back. `ends_on` is the day after the last.

    `from_on`: earned from then on at the earliest. Price and product say which stream it is; "" for
    none.
    """

    key: str
    amount: int
    starts_on: date
    ends_on: date
    from_on: date
    price_id: str = ""
    product_id: str = ""
    subscription_id: str = ""


def earned(schedule: Schedule, until: date, *, released_on: date | None = None) -> int:
    """What is earned once all days before `until` are over.

    `released_on`: the subscription ended on that day, and nothing is left to be done for it.
    """
    if until <= schedule.from_on:
        return 0
    if until >= schedule.ends_on or (released_on and until > released_on):
        return schedule.amount
    days = (schedule.ends_on - schedule.starts_on).days
    passed = max((until - schedule.starts_on).days, 0)
    share = abs(schedule.amount) * passed // days
    return share if schedule.amount > 0 else -share


def month_ends(after: date, until: date) -> Iterator[date]:
    """The first days of months in (after, until), and `until`: what is earned is told by month."""
    day = (after.replace(day=1) + 32 * DAY).replace(day=1)
    while day < until:
        yield day
        day = (day + 32 * DAY).replace(day=1)
    if after < until:
        yield until


def of_invoice(invoice: Data) -> list[Schedule]:
    """One for each line that comes to something, and one for what the lines do not explain."""
    finalized_at = invoice["status_transitions"]["finalized_at"]
    if not finalized_at:
        return []
    from_on = day(finalized_at)
    found = [_of_line(line, from_on) for line in invoice["lines"]["data"]]
    rest = invoices.net_of(invoice) - sum(one.amount for one in found)
    found.append(Schedule(str(invoice["id"]), rest, from_on, from_on + DAY, from_on))
    return [one for one in found if one.amount]


def of_credit_note(note: Data, invoice: Data) -> list[Schedule]:
    """Negative ones, along the days of the invoice's lines."""
    lines = {one.key: one for one in of_invoice(invoice)}
    created_on = day(note["created"])
    found = [part for line in note["lines"]["data"] for part in _take_back(line, lines, created_on)]
    rest = -invoices.net_of(note) - sum(one.amount for one in found)
    found.append(Schedule(str(note["id"]), rest, created_on, created_on + DAY, created_on))
    return [one for one in found if one.amount]


def net_of_line(line: Data) -> int:
    """Less discounts and the tax that is in it."""
    discounts = sum(one["amount"] for one in line.get("discount_amounts") or [])
    inside = sum(
        tax["amount"] for tax in line.get("taxes") or [] if tax["tax_behavior"] == "inclusive"
    )
    return int(line["amount"] - discounts - inside)


def _of_line(line: Data, from_on: date) -> Schedule:
    starts_on, ends_on = day(line["period"]["start"]), day(line["period"]["end"])
    pricing = (line.get("pricing") or {}).get("price_details") or {}
    details = (line.get("parent") or {}).get("subscription_item_details") or {}
    return Schedule(
        key=str(line["id"]),
        amount=net_of_line(line),
        starts_on=starts_on,
        ends_on=max(ends_on, starts_on + DAY),
        from_on=from_on,
        price_id=identity(pricing.get("price")),
        product_id=identity(pricing.get("product")),
        subscription_id=identity(details.get("subscription")),
    )


def _take_back(line: Data, lines: dict[str, Schedule], created_on: date) -> list[Schedule]:
    amount = -net_of_line(line)
    named = lines.get(identity(line.get("invoice_line_item")))
    if named:
        return [_part(line, named, amount, created_on)]
    parts = spread(amount, [one.amount for one in lines.values()])
    return [
        _part(line, of, part, created_on) for of, part in zip(lines.values(), parts, strict=False)
    ]


def _part(line: Data, of: Schedule, amount: int, created_on: date) -> Schedule:
    key, from_on = f"{line['id']}:{of.key}", max(created_on, of.from_on)
    return replace(of, key=key, amount=amount, from_on=from_on)


def spread(amount: int, weights: list[int]) -> list[int]:
    """Parts of `amount` in proportion to `weights`, that add up to it exactly; [] for no weight."""
    total, parts, given, seen = sum(weights), [], 0, 0
    if not total:
        return []
    for weight in weights:
        seen += weight
        upto = amount * seen // total
        parts.append(upto - given)
        given = upto
    return parts
