"""Answers kept for requests that are sent again (Idempotency-Key).

Everything happens in the transaction of the deed itself: a lock that ends with it says that the
request is running, and the answer is written in it. So deed and record stand or fall together. A
process that is killed leaves neither, and PostgreSQL lets go of its lock; a process killed after
the commit has left both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from apps.core.database import connection
from apps.rest.errors import IdempotencyKeyReused, RequestInProgress
from apps.rest.models import StoredAnswer

FORGOTTEN_AT_ONCE = 5_000


@dataclass(frozen=True)
class Claim:
    """One request that must not be carried out twice. `fingerprint` tells what it says."""

    schema_name: str
    actor: str
    key: str
    fingerprint: str


def claim(wanted: Claim) -> StoredAnswer | None:
    """The answer this request got already, or None when it is now this caller's to carry out,
    until the transaction ends. Raises `RequestInProgress` and `IdempotencyKeyReused`.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a claim needs the deed's transaction")
    if not _is_first(wanted):
        raise RequestInProgress("The first request with this key is not done. Ask again shortly.")
    found = StoredAnswer.objects.filter(
        schema_name=wanted.schema_name,
        actor=wanted.actor,
        key=wanted.key,
        expires_at__gt=timezone.now(),
    ).first()
    if found is not None and found.fingerprint != wanted.fingerprint:
        raise IdempotencyKeyReused(
            "This key was sent with another request in the last 24 hours. "
            "Make a new key for each new request."
        )
    return found


def keep(wanted: Claim, *, status: int, headers: Mapping[str, str], body: str) -> None:
    """Write down what the claimed request is answered, in the same transaction."""
    row = StoredAnswer(
        schema_name=wanted.schema_name,
        actor=wanted.actor,
        key=wanted.key,
        fingerprint=wanted.fingerprint,
        status=status,
        headers=dict(headers),
        body=body,
        expires_at=timezone.now() + StoredAnswer.KEPT,
    )
    StoredAnswer.objects.bulk_create(
        [row],
        update_conflicts=True,  # one older than a day may still lie there
        unique_fields=["schema_name", "actor", "key"],
        update_fields=["fingerprint", "status", "headers", "body", "expires_at"],
    )


def forget() -> int:
    """Remove what is older than a day; returns how many."""
    total = 0
    while True:
        some = StoredAnswer.objects.spent().values("pk")[:FORGOTTEN_AT_ONCE]
        removed, _ = StoredAnswer.objects.filter(pk__in=some).delete()
        total += removed
        if removed < FORGOTTEN_AT_ONCE:
            return total


def _is_first(wanted: Claim) -> bool:
    # A statement of its own: the next one then sees what the lock's last holder has committed.
    name = f"{wanted.schema_name} {wanted.actor} {wanted.key}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 80961))", [name])
        return bool(cursor.fetchone()[0])
