"""What operators decide about an unpaid invoice. Each deed says why, and stands in the audit of
the workspace.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django_tenants.utils import schema_context

from apps.audit.services import entries as audit
from apps.core.errors import Invalid
from apps.payments.errors import CaseEnded
from apps.payments.models import Account, DunningCase
from apps.payments.services import accounts, approvals, collection, dunning
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


def write_off(*, case: DunningCase, reason: str, by: Operator) -> DunningCase:
    """The invoice is not expected to be paid any more. Raises `StripeError`."""
    with _changing(case, by, "written_off", reason):
        pass
    collection.write_off(case.invoice, key=f"write-off-{case.pk}")
    accounts.settle(case.account)
    case.refresh_from_db()
    return case


def retry(*, case: DunningCase, by: Operator) -> str:
    """Have it charged now; why that failed, empty where it went through. Two clicks are one try.
    Raises `StripeError` when Stripe does not answer.
    """
    with _changing(case, by, "retried", "") as locked:
        count = locked.invoice.attempt_count
    failure = collection.pay(case.invoice, key=f"retry-{case.pk}-{count}")
    accounts.settle(case.account)
    return failure


@contextmanager
def _changing(
    case: DunningCase, by: Operator, deed: str, reason: str, **data: Any
) -> Iterator[DunningCase]:
    """The case, its account locked, while it is open; recorded when the block ends."""
    approvals.require_operator(by)
    with schema_context("public"), transaction.atomic():
        Account.objects.lock(case.account_id)
        locked = DunningCase.objects.with_steps().get(pk=case.pk)
        if locked.ended_at is not None:
            raise CaseEnded(f"It is over since {locked.ended_at:%-d %B %Y}.")
        yield locked
        audit.record(
            action=f"dunning.{deed}", by=by, schema_name=locked.account.schema_name, target=locked,
            data={"invoice": str(locked.invoice), "reason": reason.strip()[:300], **data},
        )  # fmt: skip
