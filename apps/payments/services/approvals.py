"""What operators ask to be done with money, and the other operator who agrees to it.

Up to `settings.PAYMENTS_APPROVAL_OVER` minor units one operator is enough. What the same one asked
for the same customer without approval within a day counts together, so that many small ones do not
go where a large one may not.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Abs
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.core.errors import NotAllowed
from apps.payments.errors import AlreadyDecided, ApprovalByAnother
from apps.payments.models import Account, CustomerCredit, MoneyRequest, Payment, Refund
from apps.payments.services import payments
from apps.payments.signals import money_requested
from apps.tenants.access import Operator

VALID: Final = timedelta(days=7)
TOGETHER: Final = timedelta(days=1)
State = MoneyRequest.State
Row = TypeVar("Row", bound=MoneyRequest)


def begin(row: Row, *, by: Operator) -> Row:
    """Write a request that was checked, in the caller's transaction: it is carried out, or waits
    for another operator.
    """
    # Of the same one's requests at the same moment each counts those before it (`_given`).
    User.objects.select_for_update(no_key=True).get(pk=by.user.pk)
    row.asked_by, row.asked_by_label = by.user, by.user.email
    row.idempotency_key = f"{row._meta.model_name}-{row.pk}"
    row.needs_approval = _is_over_limit(row)
    row.state = State.WAITING if row.needs_approval else State.READY
    row.expires_at = timezone.now() + VALID if row.needs_approval else None
    row.save(force_insert=True)
    _record(row, "asked_for", by)
    if row.needs_approval:
        money_requested.send(sender=type(row), request=row)
    else:
        _send_off(row, by)
    return row


def approve(*, request: Row, by: Operator) -> Row:
    """Have it carried out. Raises `ApprovalByAnother` for who asked, and `AlreadyDecided`."""
    require_operator(by)
    with transaction.atomic():
        row = _undecided(request)
        if row.asked_by_id == by.user.pk:
            raise ApprovalByAnother("Who asked for it does not approve of it. Ask a colleague.")
        _decide(row, State.READY, by, "")
        _record(row, "approved", by)
        _send_off(row, by)
    return row


def reject(*, request: Row, reason: str, by: Operator) -> Row:
    """Say no, and why. Raises `ApprovalByAnother` for who asked: they withdraw it instead; and
    `AlreadyDecided`.
    """
    require_operator(by)
    with transaction.atomic():
        row = _undecided(request)
        if row.asked_by_id == by.user.pk:
            raise ApprovalByAnother("You asked for it yourself: withdraw it instead.")
        _decide(row, State.REJECTED, by, reason)
        _record(row, "rejected", by, reason=reason)
    return row


def withdraw(*, request: Row, by: Operator) -> Row:
    """Take back what one asked for oneself. Raises `NotAllowed`, `AlreadyDecided`."""
    require_operator(by)
    with transaction.atomic():
        row = _undecided(request)
        if row.asked_by_id != by.user.pk:
            raise NotAllowed("It was not you who asked for it: reject it instead.")
        row.state = State.WITHDRAWN
        _release(row)
        _record(row, "withdrawn", by)
    return row


def expire() -> int:
    """Give up what nobody decided in time; how many."""
    number = 0
    for model in (Refund, CustomerCredit):
        due = model.objects.waiting().filter(expires_at__lte=timezone.now())
        for row in due:
            with transaction.atomic():
                locked = model.objects.select_for_update().get(pk=row.pk)
                if locked.state != State.WAITING:
                    continue
                locked.state = State.EXPIRED
                _release(locked)
                _record(locked, "expired", None)
                number += 1
    return number


def require_operator(by: Any) -> None:
    """Raises `NotAllowed` for everybody else."""
    if not isinstance(by, Operator) or not by.user.is_staff:
        raise NotAllowed("Only operators of this installation move money.")


def limit() -> int:
    """Minor units that one operator gives away alone."""
    return int(settings.PAYMENTS_APPROVAL_OVER)


def _is_over_limit(row: MoneyRequest) -> bool:
    """A debit takes nothing of ours; whoever gives both refunds and credits gives both."""
    if row.amount < 0:
        return False
    since = timezone.now() - TOGETHER
    return row.amount + sum(
        _given(model, row.account, row.asked_by_id, since) for model in (Refund, CustomerCredit)
    ) > limit()  # fmt: skip


def _given(
    model: type[Refund | CustomerCredit], account: Account, person: UUID | None, since: datetime
) -> int:
    alone = model.objects.filter(
        account=account, asked_by_id=person, needs_approval=False, asked_at__gte=since, amount__gt=0
    ).exclude(state=State.FAILED)
    return int(alone.aggregate(sum=Sum(Abs("amount")))["sum"] or 0)


def _undecided(request: Row) -> Row:
    row: Row = type(request)._default_manager.select_for_update().get(pk=request.pk)  # noqa: SLF001
    if row.state != State.WAITING:
        raise AlreadyDecided(f"It is {row.get_state_display().lower()} already.")
    if row.expires_at and row.expires_at <= timezone.now():
        raise AlreadyDecided("Nobody decided within seven days: it has to be asked for anew.")
    return row


def _decide(row: MoneyRequest, state: State, by: Operator, note: str) -> None:
    row.state, row.decision_note = state, note
    row.decided_by, row.decided_by_label = by.user, by.user.email
    row.decided_at = timezone.now()
    _release(row)


def _release(row: MoneyRequest) -> None:
    row.save()
    if isinstance(row, Refund):
        payments.recount(Payment.objects.select_for_update(no_key=True).get(pk=row.payment_id))


def _record(row: MoneyRequest, verb: str, by: Any, **about: Any) -> None:
    name = "refund" if isinstance(row, Refund) else "credit"
    audit.record(
        action=f"{name}.{verb}", by=by, schema_name=row.account.schema_name, target=row,
        data={"amount": row.amount, "currency": row.currency, "note": row.note, **about},
    )  # fmt: skip


def _send_off(row: MoneyRequest, by: Any) -> None:
    from apps.payments import tasks

    task = tasks.refund if isinstance(row, Refund) else tasks.credit
    task.enqueue(by=by, schema_name="public", request_id=str(row.pk))
