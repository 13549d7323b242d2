"""Revenue: schedules of invoices' and credit notes' lines, and what of them is earned by a day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Q

from apps.payments.ledger import recognition
from apps.payments.ledger.movements import Entries
from apps.payments.ledger.recognition import Schedule
from apps.payments.models import Account, LedgerTransaction, RevenueSchedule
from apps.payments.services.ledger import posting

BATCH: Final = 500
MOMENT: Final = timedelta(microseconds=1)


def recognise(until: date | None = None, *, account: Account | None = None) -> int:
    """Post what is earned by all days before `until` and was not posted yet; how many schedules
    moved. May be repeated, and run with an earlier `until` it changes nothing.

    `until`: each customer's today where none is given (their test clock's). `account`: one only.
    """
    moved = 0
    for owner in _owners(account):
        day = until or owner.now.astimezone(UTC).date()
        keys = _due(owner, day)
        for start in range(0, len(keys), BATCH):
            moved += _recognise(keys[start : start + BATCH], day)
    return moved


def _owners(account: Account | None) -> Iterator[Account]:
    if account is not None:
        yield account
        return
    unsettled = RevenueSchedule.objects.unsettled().values("account").distinct()
    yield from Account.objects.filter(pk__in=unsettled).iterator()


def _due(account: Account, day: date) -> list[str]:
    rows = RevenueSchedule.objects.unsettled().filter(account=account, from_on__lt=day)
    behind = Q(recognised_until=None) | Q(recognised_until__lt=day)
    return list(rows.filter(behind).values_list("pk", flat=True))


@transaction.atomic
def _recognise(keys: list[str], until: date) -> int:
    rows = RevenueSchedule.objects.select_for_update().filter(pk__in=keys, is_settled=False)
    return _post((row, _catch_up(row, until)) for row in rows)


def settle_at_once(source_id: str) -> None:
    """What waits for no night: use charged in arrears, and what a void document had earned."""
    rows = RevenueSchedule.objects.select_for_update().filter(
        Q(voided_at__isnull=False) | Q(ends_on__lte=F("from_on")),
        source_id=source_id, is_settled=False,
    )  # fmt: skip
    _post((row, _finish(row)) for row in rows)


Made = list[tuple[LedgerTransaction, Entries]]


def _post(rows: Iterable[tuple[RevenueSchedule, Made]]) -> int:
    found = list(rows)
    posting.write([one for _, made in found for one in made])
    RevenueSchedule.objects.bulk_update([row for row, _ in found], POSTED)
    return sum(1 for _, made in found if made)


def _catch_up(row: RevenueSchedule, until: date) -> Made:
    """A posting for each month that is over, and one for the days since; none for days that were
    looked at, so that no month before is posted to again.
    """
    since = max(row.from_on, row.recognised_until or row.from_on)
    ends = recognition.month_ends(since, until)
    return [one for end in ends for one in _advance(row, end, _last_moment_before(end))]


def _finish(row: RevenueSchedule) -> Made:
    at = row.voided_at or row.from_at
    day = at.astimezone(UTC).date()
    later = _take_back(row, day) if row.voided_at else []
    return [*later, *_catch_up(row, day), *_advance(row, day + recognition.DAY, at)]


def _take_back(row: RevenueSchedule, day: date) -> Made:
    """What was earned since a document was void that day, as long as nobody had heard of it: each
    month is lessened by what it was given.
    """
    held = (row.recognised_until or day) + recognition.DAY  # `schedules` took a day off
    ends, made, before = list(recognition.month_ends(day, held)), Made(), day
    for end in ends:
        part = recognition.earned(_schedule(row), end) - recognition.earned(_schedule(row), before)
        made += _move(row, row.recognised - part, _last_moment_before(end))
        before = end
    return made


POSTED: Final = ["recognised", "recognised_until", "posted_stream", "postings", "is_settled"]


def _last_moment_before(day: date) -> datetime:
    return datetime.combine(day, time(), UTC) - MOMENT


def _advance(row: RevenueSchedule, until: date, at: datetime) -> Made:
    """Bring one schedule to `until`; what that posts. The row is saved by the caller."""
    made = _move(row, _target(row, until), at)
    row.recognised_until = max(until, row.recognised_until or until)
    row.is_settled = _is_over(row, until)
    return made


def _move(row: RevenueSchedule, target: int, at: datetime) -> Made:
    entries = {
        (row.ledger_account, row.posted_stream): row.recognised,
        ("deferred_revenue", ""): target - row.recognised,
    }
    place = (row.ledger_account, row.stream)
    entries[place] = entries.get(place, 0) - target
    entries = {place: amount for place, amount in entries.items() if amount}
    row.recognised, row.posted_stream = target, row.stream
    if not entries:
        return []
    row.postings += 1
    return [(_transaction(row, at), entries)]


def _transaction(row: RevenueSchedule, at: datetime) -> LedgerTransaction:
    return LedgerTransaction(
        key=f"{row.key}:recognised:{row.postings}",
        kind="recognised",
        source_type="line_item",
        source_id=row.key,
        account_id=row.account_id,
        occurred_at=at,
        currency=row.currency,
        memo=f"Earned: {row.stream}",
    )


def _target(row: RevenueSchedule, until: date) -> int:
    if row.voided_at and until > row.voided_at.astimezone(UTC).date():
        return 0
    return recognition.earned(_schedule(row), until, released_on=row.released_on)


def _is_over(row: RevenueSchedule, until: date) -> bool:
    """Whether no later day changes anything any more."""
    ends = row.voided_at.date() if row.voided_at else row.released_on
    return until > row.from_on and (until >= row.ends_on or (ends is not None and until > ends))


def _schedule(row: RevenueSchedule) -> Schedule:
    dates = (row.starts_on, row.ends_on, row.from_on)
    return Schedule(row.key, row.amount, *dates, subscription_id=row.subscription_id)
