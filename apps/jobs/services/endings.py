"""The last change of a run's row, whoever makes it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from apps.jobs import signals
from apps.jobs.models import JobRun
from apps.jobs.services import failures, runs


def end(locked: JobRun, state: JobRun.State, **changes: Any) -> None:
    """Within the transaction that holds the row's lock."""
    changes |= {"state": state, "finished_at": timezone.now()}
    for name, value in changes.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(changes))
    if locked.kind:
        signals.together_ended.send(sender=JobRun, run=locked)
    if state != JobRun.State.SUCCEEDED:
        signals.job_failed.send(sender=JobRun, run=locked)
    # A parent's failure is its member's, which is noted.
    if state == JobRun.State.FAILED and not locked.kind:
        failures.note(locked)
    runs.announce(locked)


def cancelled_by(who: str) -> dict[str, Any]:
    return {"code": "cancelled", "title": "Cancelled", "detail": f"{who} has cancelled this."}
