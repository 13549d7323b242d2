from __future__ import annotations

from apps.jobs.models import JobRun
from apps.jobs.task import run_now


def work_off() -> list[JobRun]:
    """Do what is queued, as a worker would, until nothing is left; returns what ran."""
    done: list[JobRun] = []
    while run := JobRun.objects.filter(state=JobRun.State.QUEUED).order_by("created_at").first():
        run_now(run)
        run.refresh_from_db()
        assert run.state != JobRun.State.QUEUED, f"{run.name} is put off: {run.message}"
        done.append(run)
    return done
