"""Celery as its documentation begins: `celery -A benchmarks.errands.bare worker`."""

from __future__ import annotations

import os

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
