from __future__ import annotations

from typing import Any

from celery import shared_task

from apps.jobs.models import JobRun
from apps.jobs.task import Job
from apps.transfers.services import clones, exports, imports

# A large customer's files take hours; the lease notices a worker that hangs.
HOURS = 6 * 3600


@shared_task(
    base=Job, bind=True, name="transfers.export", job_queue="bulk", title="Export the workspace",
    idempotency="{export_id}", cancellable=True, replayable=True, permission="exports.create",
    metered=False,  # whoever has used up a limit may still take everything along
    soft_time_limit=HOURS, time_limit=HOURS + 60,
)  # fmt: skip
def make_export(self: Job, run: JobRun, *, export_id: str) -> dict[str, Any]:
    export = exports.carry_out(export_id=export_id, run=run)
    return {"rows": export.rows, "files": export.files, "bytes": export.size}


@shared_task(
    base=Job, bind=True, name="transfers.import", job_queue="bulk", title="Import a workspace",
    idempotency="{import_id}", cancellable=True,
    soft_time_limit=HOURS, time_limit=HOURS + 60,
)  # fmt: skip
def take_in(self: Job, run: JobRun, *, import_id: str) -> dict[str, Any]:
    record = imports.carry_out(import_id=import_id, run=run)
    return {"workspace": record.slug, "rows": record.rows, "to_do": record.to_do}


@shared_task(
    base=Job, bind=True, name="transfers.clone", job_queue="bulk", title="Make a sandbox",
    idempotency="{import_id}", cancellable=True,
    soft_time_limit=HOURS, time_limit=HOURS + 60,
)  # fmt: skip
def make_clone(self: Job, run: JobRun, *, import_id: str) -> dict[str, Any]:
    record = clones.carry_out(import_id=import_id, run=run)
    return {"workspace": record.slug, "rows": record.rows}


@shared_task(name="transfers.expire", ignore_result=True)
def expire() -> int:
    return exports.expire()
