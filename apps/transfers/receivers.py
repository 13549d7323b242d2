"""What this floor hears from below."""

from __future__ import annotations

from typing import Any

from apps.jobs.models import JobRun
from apps.jobs.signals import job_failed, job_replayed
from apps.tenants.signals import workspace_purging


def connect() -> None:
    job_failed.connect(end_failed, sender=JobRun, dispatch_uid="transfers-failed")
    job_replayed.connect(take_up_again, sender=JobRun, dispatch_uid="transfers-replayed")
    workspace_purging.connect(remove_work, dispatch_uid="transfers-remove-work")


def end_failed(run: JobRun, **_: Any) -> None:
    """A job that ended without success, or whose worker was lost for good."""
    from apps.transfers.services import exports, imports

    if run.name == "transfers.export":
        exports.give_up(run=run)
    elif run.name in {"transfers.import", "transfers.clone"}:
        imports.give_up(run=run)


def take_up_again(run: JobRun, **_: Any) -> None:
    """Its failed export is under way again."""
    from apps.transfers.services import exports

    if run.name == "transfers.export":
        exports.take_up_again(run=run)


def remove_work(schema_name: str, **_: Any) -> None:
    """Rows that a killed export had put aside on this machine; its file goes with all others."""
    from apps.transfers.services import exports

    exports.drop_work(schema_name=schema_name)
