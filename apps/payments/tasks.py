from __future__ import annotations

from typing import Any

from celery import shared_task

from apps.jobs.models import JobRun
from apps.jobs.task import Job
from apps.payments.models import Account
from apps.payments.services import approvals, customer_credits, refunds


@shared_task(
    base=Job, bind=True, name="payments.refund", title="Give money back", metered=False,
    job_queue="interactive", idempotency="{request_id}", max_attempts=8, replayable=True,
)  # fmt: skip
def refund(_task: Job, _run: JobRun, *, request_id: str) -> dict[str, Any]:
    return {"state": refunds.carry_out(refund_id=request_id).state}


@shared_task(
    base=Job, bind=True, name="payments.credit", title="Credit a customer", metered=False,
    job_queue="interactive", idempotency="{request_id}", max_attempts=8, replayable=True,
)  # fmt: skip
def credit(_task: Job, _run: JobRun, *, request_id: str) -> dict[str, Any]:
    return {"state": customer_credits.carry_out(credit_id=request_id).state}


@shared_task(
    base=Job, bind=True, name="payments.sync_balance", title="Fetch a customer's balance",
    metered=False, unique="{account_id}",
)  # fmt: skip
def sync_balance(_task: Job, _run: JobRun, *, account_id: str) -> dict[str, Any]:
    return {"changes": customer_credits.sync(Account.objects.get(pk=account_id))}


@shared_task(name="payments.expire_requests", ignore_result=True)
def expire_requests() -> int:
    return approvals.expire()
