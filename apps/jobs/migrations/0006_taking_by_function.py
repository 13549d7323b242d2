from django.db import migrations

# Half of the time to choose a run went into planning the statement: what travels together with its
# workspace in one message cannot be prepared, but PostgreSQL keeps the plans of a function.
TAKE = """
CREATE FUNCTION public.jobs_take(of_queue text, at timestamptz, closed text[], by text)
RETURNS SETOF public.jobs_jobrun LANGUAGE plpgsql AS $body$
BEGIN
  RETURN QUERY
  WITH RECURSIVE waiting AS (
    (SELECT w.schema_name FROM public.jobs_jobrun AS w
     WHERE w.queue = of_queue AND w.state = 'queued' AND w.due_at <= at AND w.lane <> ALL(closed)
     ORDER BY w.schema_name LIMIT 1)
    UNION ALL
    SELECT (
      SELECT w.schema_name FROM public.jobs_jobrun AS w
      WHERE w.queue = of_queue AND w.state = 'queued' AND w.due_at <= at AND w.lane <> ALL(closed)
        AND w.schema_name > waiting.schema_name
      ORDER BY w.schema_name LIMIT 1
    )
    FROM waiting WHERE waiting.schema_name IS NOT NULL
  ), turns AS MATERIALIZED (
    SELECT
      waiting.schema_name,
      (SELECT count(*) FROM public.jobs_jobrun AS r
       WHERE r.state = 'running' AND r.finished_at IS NULL AND r.kind = ''
         AND r.schema_name = waiting.schema_name) AS under_way,
      (SELECT max(r.started_at) FROM public.jobs_jobrun AS r
       WHERE r.queue = of_queue AND r.schema_name = waiting.schema_name) AS served_at
    FROM waiting WHERE waiting.schema_name IS NOT NULL
    ORDER BY under_way, served_at NULLS FIRST, waiting.schema_name
  ), chosen AS (
    SELECT next.id FROM turns CROSS JOIN LATERAL (
      SELECT w.id FROM public.jobs_jobrun AS w
      WHERE w.queue = of_queue AND w.state = 'queued' AND w.due_at <= at AND w.lane <> ALL(closed)
        AND w.schema_name = turns.schema_name
      ORDER BY w.due_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS next
    LIMIT 1
  )
  UPDATE public.jobs_jobrun AS taken SET
    state = 'running', attempts = taken.attempts + 1, started_at = at, heartbeat_at = at,
    worker = by, problem = NULL, message = ''
  FROM chosen WHERE taken.id = chosen.id
  RETURNING taken.*;
END $body$;
"""
DROP = "DROP FUNCTION public.jobs_take(text, timestamptz, text[], text);"


class Migration(migrations.Migration):
    unsafe = {
        "names_a_schema": "runs lie in public alone, and so does the function that takes them",
    }
    dependencies = [
        ("jobs", "0005_schedules_and_workers"),
    ]

    operations = [
        migrations.RunSQL(TAKE, DROP),
    ]
