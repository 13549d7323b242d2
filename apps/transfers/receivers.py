"""What this floor hears from below."""

from __future__ import annotations

from typing import Any

from apps.jobs.models import JobRun
from apps.jobs.signals import job_failed


def connect() -> None:
    job_failed.connect(end_failed, sender=JobRun, dispatch_uid="transfers-failed")


def end_failed(run: JobRun, **_: Any) -> None:
    """A job that ended without success, or whose worker was lost for good."""
    from apps.transfers.services import exports, imports

    if run.name == "transfers.export":
        exports.give_up(run=run)
    elif run.name in {"transfers.import", "transfers.clone"}:
        imports.give_up(run=run)
