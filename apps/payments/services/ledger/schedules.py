"""Which schedules there are: those of an invoice's lines, of a credit note's, and their streams."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import F
from djstripe import models as mirrored

from apps.payments import catalogue
from apps.payments.ledger.recognition import DAY, Schedule
from apps.payments.models import RevenueSchedule, Subscription
from apps.payments.services.ledger import recognition
from apps.payments.services.ledger.posting import Source

OTHER: Final = "other"
SOURCES: Final = {"invoice": "revenue", "credit_note": "credit_notes"}


@dataclass(frozen=True)
class Term:
    """From when a document counts, and when it was made void."""

    from_at: datetime
    voided_at: datetime | None


def keep(source: Source, schedules: Iterable[Schedule], term: Term) -> None:
    """Make these the schedules of a document, and post what waits for no night."""
    found = list(schedules)
    streams, ends = _streams(found), _ends(found)
    held = {row.pk: row for row in RevenueSchedule.objects.filter(source_id=source.id)}
    for one in found:
        values = {
            **_values(source, one, term),
            "stream": streams[one.key],
            "released_on": ends.get(one.subscription_id),
        }
        _keep(one.key, held.get(one.key), values)
    recognition.settle_at_once(source.id)


def release(subscription_id: str, ended_at: datetime | None) -> None:
    """A subscription ended: what was paid for later days, and not given back, is earned."""
    day = ended_at.date() if ended_at else None
    rows = RevenueSchedule.objects.filter(subscription_id=subscription_id)
    if day is not None:
        rows = rows.filter(ends_on__gt=day)
    rows.exclude(released_on=day).update(
        released_on=day, is_settled=False, recognised_until=F("recognised_until") - DAY
    )


def _values(source: Source, one: Schedule, term: Term) -> dict[str, Any]:
    return {
        "source_id": source.id,
        "account": source.account,
        "subscription_id": one.subscription_id,
        "currency": source.currency,
        "ledger_account": SOURCES[source.type],
        "amount": one.amount,
        "starts_on": one.starts_on,
        "ends_on": one.ends_on,
        "from_on": one.from_on,
        "from_at": term.from_at,
        "voided_at": term.voided_at,
    }


def _keep(key: str, row: RevenueSchedule | None, values: dict[str, Any]) -> None:
    if row is None:
        RevenueSchedule.objects.create(key=key, **values)
        return
    if all(getattr(row, name) == value for name, value in values.items()):
        return
    for name, value in values.items():
        setattr(row, name, value)
    row.is_settled = False
    if row.recognised_until:  # its last day is looked at again
        row.recognised_until -= DAY
    row.save(update_fields=[*values, "is_settled", "recognised_until"])


def _ends(schedules: list[Schedule]) -> dict[str, date]:
    rows = Subscription.objects.filter(
        pk__in={one.subscription_id for one in schedules}, ended_at__isnull=False
    )
    return {row.pk: row.ended_at.date() for row in rows if row.ended_at}


def _streams(schedules: list[Schedule]) -> dict[str, str]:
    """By schedule's key: `subscription/school`, `seats/school`, `metered/mails/school`, `other`."""
    rows = mirrored.Price.objects.filter(id__in={one.price_id for one in schedules} - {""})
    prices = {row.id: row.stripe_data for row in rows}
    return {
        one.key: stream_of(prices.get(one.price_id) or {}) or _by_product(one.product_id)
        for one in schedules
    }


def stream_of(price: Mapping[str, Any]) -> str:
    """Of a Stripe price; "" for one that is not of the catalogue."""
    plan, _, part = catalogue.part_of(price)
    if not plan:
        return ""
    if not part:
        return f"subscription/{plan}"
    return f"seats/{plan}" if part == catalogue.SEATS else f"metered/{part}/{plan}"


def _by_product(product_id: str) -> str:
    """A price that is not known here yet is at least of a known product."""
    part = product_id.removeprefix(f"{catalogue.MARK}_")
    if product_id not in catalogue.PRODUCTS:
        return OTHER
    if part in catalogue.PRICED:
        return f"subscription/{part}"
    return part if part == catalogue.SEATS else f"metered/{part}"
