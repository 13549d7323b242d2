"""Whose turn is it? A free worker takes the next run of a queue so that workspaces share it.

First comes the workspace with the fewest runs under way, among these the one that has waited
longest since its last; within a workspace, what was due first. So of ten thousand runs of one
workspace not one more is begun before a single run of another.

The statement is the function `jobs_take` of the database (migration 0006). Its walk over the index
from workspace to workspace costs by workspaces that wait, not by runs.
"""

from __future__ import annotations

from django.utils import timezone

from apps.jobs.models import JobRun
from apps.jobs.services import lanes, statements, workers


def take(queue: str) -> JobRun | None:
    """Claim the run whose turn it is; None when nothing of the queue may begin now."""
    return statements.take(
        queue=queue, now=timezone.now(), closed=lanes.closed(), worker=workers.current()
    )
