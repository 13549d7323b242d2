"""What operators decide about an unpaid invoice. Each deed says why, and stands in the audit of
the workspace.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import transaction
from django_tenants.utils import schema_context

from apps.audit.services import entries as audit
from apps.core.errors import Invalid
from apps.payments.errors import CaseEnded
from apps.payments.models import Account, Attempt, DunningCase
from apps.payments.services import (
    accounts,
    approvals,
    collection,
    dunning,
    invoice_deeds,
    operator_deeds,
)
from apps.payments.services.attempts import Answer, Deed
from apps.tenants.access import Operator

MOST_DAYS = 90


def extend(*, case: DunningCase, days: int, reason: str, by: Operator) -> DunningCase:
    """Put all that is to come `days` later; what a workspace suffers meanwhile is lifted where it
    is to come later then. Raises `Invalid`, `CaseEnded`.
    """
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(errors={"days": [f"Give 1 to {MOST_DAYS} days."]})
    with _changing(case, by, "extended", reason, days=days) as locked:
        dunning.reschedule(locked, days)
    accounts.settle(case.account)
    return locked


def stop(*, case: DunningCase, reason: str, by: Operator) -> DunningCase:
    """Nothing more is done about it, and the workspace is free; the invoice stays open."""
    with _changing(case, by, "stopped", reason) as locked:
        dunning.end(locked, DunningCase.Outcome.STOPPED)
    accounts.settle(case.account)
    return locked


def retry(*, case: DunningCase, by: Operator) -> str:
    """Have it charged now; why that failed, empty where it went through. Two clicks are one try.
    Raises `CaseEnded`, and as `operator_deeds.carry_out`.
    """
    about = {"case": str(case.pk), "tries_before": case.invoice.attempt_count}
    attempt = operator_deeds.carry_out(
        RETRY, about=case.invoice, params=about, by=by, check=lambda: _require_open(case)
    )
    return str(attempt.result.get("failure", ""))


def _require_open(case: DunningCase) -> None:
    case.refresh_from_db(fields=["ended_at"])
    if case.ended_at is not None:
        raise CaseEnded(f"It is over since {case.ended_at:%-d %B %Y}.")


def _ask_retry(attempt: Attempt) -> Answer:
    failure = collection.pay(invoice_deeds.invoice_of(attempt), key=attempt.key)
    return Answer(result={"failure": failure})


def _retried(attempt: Attempt) -> tuple[Any, dict[str, Any]]:
    case = DunningCase.objects.select_related("invoice").get(pk=attempt.params["case"])
    return case, {"invoice": str(case.invoice), "reason": ""}


RETRY: Final = Deed("retry_payment", "dunning.retried", "a payment tried", _ask_retry, _retried)


@contextmanager
def _changing(
    case: DunningCase, by: Operator, deed: str, reason: str, **data: Any
) -> Iterator[DunningCase]:
    """The case, its account locked, while it is open; recorded when the block ends."""
    approvals.require_operator(by)
    with schema_context("public"), transaction.atomic():
        Account.objects.lock(case.account_id)
        locked = DunningCase.objects.with_steps().get(pk=case.pk)
        _require_open(locked)
        yield locked
        audit.record(
            action=f"dunning.{deed}", by=by, schema_name=locked.account.schema_name, target=locked,
            data={"invoice": str(locked.invoice), "reason": reason.strip()[:300], **data},
        )  # fmt: skip
