"""Whose turn is it? A free worker takes the next run of a queue so that workspaces share it.

First comes the workspace with the fewest runs under way, among these the one that has waited
longest since its last; within a workspace, what was due first. So of ten thousand runs of one
workspace not one more is begun before a single run of another.
"""

from __future__ import annotations

from typing import Final

from django.utils import timezone

from apps.jobs.models import JobRun
from apps.jobs.services import lanes, workers

# A walk over the index from workspace to workspace costs by workspaces that wait, not by runs.
_WAITING: Final = """
    queue = %(queue)s AND state = 'queued' AND due_at <= %(now)s AND lane <> ALL(%(closed)s)
"""
_TAKE: Final = f"""
WITH RECURSIVE waiting AS (
    (SELECT schema_name FROM jobs_jobrun WHERE {_WAITING} ORDER BY schema_name LIMIT 1)
    UNION ALL
    SELECT (
        SELECT schema_name FROM jobs_jobrun
        WHERE {_WAITING} AND schema_name > waiting.schema_name
        ORDER BY schema_name LIMIT 1
    )
    FROM waiting WHERE waiting.schema_name IS NOT NULL
), turns AS MATERIALIZED (
    SELECT
        schema_name,
        (SELECT count(*) FROM jobs_jobrun AS r
         WHERE r.state = 'running' AND r.finished_at IS NULL AND r.kind = ''
           AND r.schema_name = waiting.schema_name) AS under_way,
        (SELECT max(started_at) FROM jobs_jobrun AS r
         WHERE r.queue = %(queue)s AND r.schema_name = waiting.schema_name) AS served_at
    FROM waiting WHERE schema_name IS NOT NULL
    ORDER BY under_way, served_at NULLS FIRST, schema_name
), chosen AS (
    SELECT next.id FROM turns CROSS JOIN LATERAL (
        SELECT id FROM jobs_jobrun AS w
        WHERE {_WAITING} AND w.schema_name = turns.schema_name
        ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS next
    LIMIT 1
)
UPDATE jobs_jobrun SET
    state = 'running', attempts = attempts + 1, started_at = %(now)s, heartbeat_at = %(now)s,
    worker = %(worker)s, problem = NULL
FROM chosen WHERE jobs_jobrun.id = chosen.id
RETURNING jobs_jobrun.*
"""  # noqa: S608 -- put together from constants


def take(queue: str) -> JobRun | None:
    """Claim the run whose turn it is; None when nothing of the queue may begin now."""
    values = {"queue": queue, "now": timezone.now(), "closed": lanes.closed(),
              "worker": workers.current()}  # fmt: skip
    return next(iter(JobRun.objects.raw(_TAKE, values)), None)
