"""Running a job again that ended without success."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.core.errors import Conflict
from apps.jobs import signals
from apps.jobs.models import JobRun
from apps.jobs.services import runs

MORE_ATTEMPTS = 5


class NotReplayable(Conflict):
    code = "not_replayable"
    title = "Only a failed or cancelled job can run again"


def replay(*, run: JobRun, by: Any) -> JobRun:
    """Put the same run back in its queue, so that what refers to it follows.

    Attempts go on counting: a worker of an earlier attempt that comes back finds itself outrun.
    """
    with transaction.atomic():
        taken = JobRun.objects.filter(
            pk=run.pk, state__in=[JobRun.State.FAILED, JobRun.State.CANCELLED]
        ).update(
            state=JobRun.State.QUEUED,
            max_attempts=F("attempts") + MORE_ATTEMPTS,
            due_at=timezone.now(),
            sent_at=None,
            finished_at=None,
            progress=0,
            message=f"Run again by {getattr(by, 'email', None) or 'the system'}",
        )
        if not taken:
            raise NotReplayable(f"{run.name} is {run.state}.")
        run.refresh_from_db()
        signals.job_replayed.send(sender=JobRun, run=run, by=by)
        transaction.on_commit(lambda: runs.send(run=run))
    return run
