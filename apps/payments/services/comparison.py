"""One of Stripe's objects beside our row of it.

What our row should say is what storing the object would make of it. So it is stored, what changed
is the drift, and that is undone where it shall only be told: no list of fields has to be kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import Model

from apps.core.errors import DomainError
from apps.payments.errors import StripeObjectMissing
from apps.payments.models import (
    Account,
    CreditNote,
    Dispute,
    Finding,
    Invoice,
    Payment,
    Refund,
    StripeEvent,
    Subscription,
)
from apps.payments.services import objects, sync

# By Stripe's `object`: the model, and the field that holds its id.
ROWS: Final[dict[str, tuple[type[Model], str]]] = {
    "customer": (Account, "customer_id"),
    "subscription": (Subscription, "id"),
    "invoice": (Invoice, "id"),
    "charge": (Payment, "id"),
    "credit_note": (CreditNote, "id"),
    "refund": (Refund, "stripe_id"),
    "dispute": (Dispute, "id"),
}
# The whole as fetched, and what Stripe writes anew each time it is asked.
UNTOLD: Final = frozenset({"data", "hosted_url", "simulated_at"})
Kind = Finding.Kind
Object = Mapping[str, Any]


@dataclass
class Drift:
    """`differences`: by field, `[ours, Stripe's]`."""

    kind: str
    object_type: str
    object_id: str
    differences: dict[str, list[Any]] = field(default_factory=dict)
    is_repaired: bool = False
    problem: dict[str, Any] | None = None


def compare(data: Object, account: Account, *, repair: bool) -> Drift | None:
    """How our row of an object of Stripe's differs; None where it does not, or where an event says
    that it is about to change. `repair`: and have it no more. Raises `StripeError`.
    """
    kind, object_id = str(data["object"]), str(data["id"])
    # Whoever stores something locks the account first: without, two could wait for each other.
    with transaction.atomic():
        sync.lock(str(account.customer_id))
        if _found(data, account, repair=False) is None:
            return None
    if StripeEvent.objects.waiting().filter(object_type=kind, object_id=object_id).exists():
        return None
    # What was listed a while ago may be older than our row.
    return surplus(kind, object_id, account, repair=repair)


def surplus(kind: str, object_id: str, account: Account, *, repair: bool) -> Drift | None:
    """A row of ours that Stripe did not list: compared with what Stripe says when it is asked for
    it. One that Stripe knows nothing of, although such things are never deleted there, is told and
    left alone. Raises `StripeError`.
    """
    with transaction.atomic():
        sync.lock(str(account.customer_id))
        try:
            fresh = sync.fetch(kind, object_id)
        except StripeObjectMissing as error:
            return Drift(Kind.SURPLUS, kind, object_id, problem=error.as_problem())
        if not fresh.get("deleted"):
            return _found(fresh, account, repair=repair)
        drift = Drift(Kind.SURPLUS, kind, object_id)
        if repair:
            objects.store(fresh, account)
            drift.is_repaired = snapshot(kind, object_id) is None
        return drift


def snapshot(kind: str, object_id: str) -> dict[str, Any] | None:
    """Our row as it is compared; None where there is none."""
    model, name = ROWS[kind]
    values = model._default_manager.filter(**{name: object_id}).values().first()  # noqa: SLF001
    return values and {key: value for key, value in values.items() if key not in UNTOLD}


def _found(fresh: Object, account: Account, *, repair: bool) -> Drift | None:
    kind, object_id = str(fresh["object"]), str(fresh["id"])
    is_missing = snapshot(kind, object_id) is None
    drift = Drift(Kind.MISSING if is_missing else Kind.DIFFERENT, kind, object_id)
    try:
        with transaction.atomic():
            drift.differences = _differences(fresh, account, keep=repair)
            drift.is_repaired = repair
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # noqa: BLE001 -- recorded with the finding
        is_known = isinstance(error, DomainError)
        drift.kind, drift.is_repaired = Kind.FAILED, False
        drift.problem = error.as_problem() if is_known else {"detail": repr(error)[:500]}  # type: ignore[attr-defined]
        return drift
    return drift if drift.differences else None


def _differences(data: Object, account: Account, *, keep: bool) -> dict[str, list[Any]]:
    """What storing it changes in our row."""
    kind, object_id = str(data["object"]), str(data["id"])
    before = snapshot(kind, object_id) or {}
    with transaction.atomic():
        if keep:
            objects.store(data, account)
        else:
            # Of its own: what is undone in the database is not undone in memory.
            objects.project(data, Account.objects.get(pk=account.pk))
        after = snapshot(kind, object_id) or {}
        transaction.set_rollback(not keep)
    names = sorted(before.keys() | after.keys())
    return {
        name: [_plain(before.get(name)), _plain(after.get(name))]
        for name in names
        if before.get(name) != after.get(name)
    }


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str) else str(value)
