"""Celery as its documentation begins: `celery -A benchmarks.errands.bare worker`."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import psycopg
from celery import Celery

from benchmarks.errands import begin

URL = os.environ["REDIS_URL"]
app = Celery("bare", broker=URL, set_as_current=False)
app.conf.update(
    task_ignore_result=True, worker_prefetch_multiplier=1, task_default_queue="bench-bare",
    broker_connection_retry_on_startup=True,
)  # fmt: skip


@app.task(name="bench.bare")
def run(sent: float) -> None:
    begin(URL, sent)


@app.task(name="bench.recorded", queue="bench-recorded")
def run_recorded(sent: float, state_id: str) -> None:
    """With the least record: one row, which its end is written to."""
    begin(URL, sent)
    statement = "UPDATE public.bench_state SET state = 'done', ended_at = now() WHERE id = %s"
    _database().execute(statement, [state_id])


@cache
def _database() -> psycopg.Connection[Any]:
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
