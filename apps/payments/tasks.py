from __future__ import annotations

from typing import Any

from celery import shared_task
from django.conf import settings

from apps.jobs.models import JobRun
from apps.jobs.services import runs
from apps.jobs.task import Job
from apps.payments.models import Account
from apps.payments.services import (
    accounts,
    approvals,
    beyond_notices,
    closures,
    collection,
    customer_credits,
    endpoints,
    gaps,
    ledger,
    metering,
    reconciliation,
    refunds,
)
from apps.payments.services import sync as syncing


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


@shared_task(name="payments.meter", ignore_result=True)
def meter() -> int:
    """Use beyond plans is written down and told Stripe, then owners."""
    sent = metering.report_all() if settings.STRIPE_SECRET_KEY else 0
    beyond_notices.tell_all()
    return sent


@shared_task(name="payments.expire_requests", ignore_result=True)
def expire_requests() -> int:
    return approvals.expire()


@shared_task(
    base=Job,
    bind=True,
    name="payments.sync",
    job_queue="interactive",
    title="Take in what Stripe has",
    unique="{customer_id}",
    metered=False,
)
def sync(_task: Job, _run: JobRun, *, customer_id: str) -> dict[str, int]:
    return syncing.sync(customer_id=customer_id)


@shared_task(name="payments.sweep", ignore_result=True)
def sweep() -> int:
    return syncing.sweep()


@shared_task(name="payments.look_for_events", ignore_result=True)
def look_for_events() -> int:
    return gaps.look().total("missing") if settings.STRIPE_SECRET_KEY else 0


@shared_task(name="payments.watch_endpoints", ignore_result=True)
def watch_endpoints() -> int:
    return endpoints.watch() if settings.STRIPE_SECRET_KEY else 0


@shared_task(
    base=Job,
    bind=True,
    name="payments.reconcile",
    job_queue="bulk",
    title="Compare with Stripe",
    unique="{customer_id}",
    metered=False,
    soft_time_limit=3 * 3600,
    time_limit=3 * 3600 + 60,
)
def reconcile(_task: Job, run: JobRun, *, run_id: str, customer_id: str) -> dict[str, Any]:
    found = reconciliation.carry_out(
        run_id=run_id, report=lambda words: runs.report(run=run, message=words)
    )
    return {"customer": customer_id, "drift": found.drift, "repaired": found.total("repaired")}


@shared_task(name="payments.reconcile_all", ignore_result=True)
def reconcile_all() -> int:
    return reconciliation.request_nightly() if settings.STRIPE_SECRET_KEY else 0


@shared_task(name="payments.forget", ignore_result=True)
def forget() -> int:
    return gaps.forget()


@shared_task(name="payments.recognise", ignore_result=True)
def recognise() -> int:
    """What is earned by the days that are over; most of it within an hour after midnight UTC."""
    return ledger.recognise()


@shared_task(
    base=Job, bind=True, name="payments.dun", title="Collect an unpaid invoice", metered=False,
    unique="{step_id}", max_attempts=10, replayable=True, lane="stripe",
    soft_time_limit=120, time_limit=150,
)  # fmt: skip
def dun(_task: Job, run: JobRun, *, step_id: str) -> dict[str, Any]:
    return {"outcome": collection.carry_out(step_id=step_id, run=str(run.pk))}


@shared_task(
    base=Job, bind=True, name="payments.follow_workspace",
    title="End a subscription with its workspace", metered=False, repeats=True, max_attempts=10,
    replayable=True, lane="stripe",
)  # fmt: skip
def follow_workspace(_task: Job, _run: JobRun, *, account_id: str) -> dict[str, Any]:
    return {"outcome": closures.follow(account_id=account_id)}


@shared_task(name="payments.settle", ignore_result=True)
def settle() -> int:
    return accounts.settle_all()
