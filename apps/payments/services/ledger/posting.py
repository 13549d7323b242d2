"""From movements to rows.

What an object should have moved is compared with what was posted for it, and the difference is
posted: the first time that is all of it, later what changed, and nothing when nothing did. So an
object may come in any of its states, in any order, and as often as it likes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.payments.ledger.movements import Entries, Movement
from apps.payments.models import Account, LedgerEntry, LedgerTransaction

LONGEST_MEMO = 200


@dataclass(frozen=True)
class Source:
    """Stripe's object that is told of. `account` is None for what is no customer's."""

    type: str
    id: str
    account: Account | None
    currency: str

    @property
    def now(self) -> datetime:
        return self.account.now if self.account else timezone.now()


@dataclass
class Posted:
    """What was posted of one kind of movement."""

    first: UUID
    count: int
    entries: dict[tuple[str, str], int]


def source_of(data: Mapping[str, Any], account: Account | None) -> Source:
    return Source(str(data["object"]), str(data["id"]), account, str(data["currency"]))


def post(source: Source, movements: Iterable[Movement]) -> list[LedgerTransaction]:
    """Make the ledger say these movements of `source`, and no others; what was posted for it.

    Call it in a transaction.
    """
    wanted = {one.kind: one for one in movements}
    if not _differences(wanted, _posted(source)):
        return []
    _take_turns(source)
    before = _posted(source)
    made = [
        _transaction(source, kind, wanted.get(kind), before.get(kind), entries)
        for kind, entries in _differences(wanted, before).items()
    ]
    write(made)
    return [one for one, _ in made]


def write(made: list[tuple[LedgerTransaction, Entries]]) -> None:
    LedgerTransaction.objects.bulk_create([one for one, _ in made])
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            transaction=one,
            ledger_account=code,
            detail=detail,
            amount=amount,
            account_id=one.account_id,
            currency=one.currency,
            occurred_at=one.occurred_at,
        )
        for one, entries in made
        for (code, detail), amount in entries.items()
    )


def _take_turns(source: Source) -> None:
    """Two that post the same object do it one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 29))", [source.id])


def _posted(source: Source) -> dict[str, Posted]:
    found: dict[str, Posted] = {}
    seen: dict[str, set[UUID]] = defaultdict(set)
    rows = (
        LedgerEntry.objects.filter(
            transaction__source_id=source.id, transaction__source_type=source.type
        )
        .order_by("transaction_id")
        .values_list("transaction__kind", "transaction_id", "ledger_account", "detail", "amount")
    )
    for kind, ident, code, detail, amount in rows:
        posted = found.setdefault(kind, Posted(ident, 0, Counter()))
        posted.entries[code, detail] += amount
        seen[kind].add(ident)
        posted.count = len(seen[kind])
    return found


def _differences(
    wanted: Mapping[str, Movement], before: Mapping[str, Posted]
) -> dict[str, dict[tuple[str, str], int]]:
    found = {}
    for kind in [*wanted, *(one for one in before if one not in wanted)]:
        after = wanted[kind].entries if kind in wanted else {}
        held = before[kind].entries if kind in before else {}
        changes = {place: after.get(place, 0) - held.get(place, 0) for place in [*after, *held]}
        changes = {place: amount for place, amount in changes.items() if amount}
        if changes:
            found[kind] = changes
    return found


def _transaction(
    source: Source, kind: str, wanted: Movement | None, before: Posted | None, entries: Entries
) -> tuple[LedgerTransaction, Entries]:
    """The first of a kind is as old as the movement; a correction is of now."""
    number = before.count + 1 if before else 1
    suffix = f":{number}" if before else ""
    happened = wanted.occurred_at if wanted and not before else None
    memo = wanted.memo if wanted else "Taken back"
    made = LedgerTransaction(
        key=f"{source.id}:{kind}{suffix}",
        kind=kind,
        source_type=source.type,
        source_id=source.id,
        account=source.account,
        occurred_at=happened or source.now,
        currency=source.currency,
        memo=(f"Correction: {memo}" if before else memo)[:LONGEST_MEMO],
        corrects_id=before.first if before else None,
    )
    return made, entries
