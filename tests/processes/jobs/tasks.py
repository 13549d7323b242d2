"""Work that leaves traces: files that say that it began, rows that say what came of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from celery import shared_task
from django.db import connection, transaction

from apps.jobs.models import JobRun
from apps.jobs.task import Job

LONGEST = 300
TABLE = "CREATE TABLE public.effects (run uuid); GRANT ALL ON public.effects TO PUBLIC"
EFFECT = """
    INSERT INTO public.effects SELECT %(run)s
    WHERE NOT EXISTS (SELECT FROM public.effects WHERE run = %(run)s)
"""


def _pass(folder: str, run: JobRun) -> None:
    """Say that it is here, and wait for the gate to open."""
    Path(folder, f"{run.pk}.{run.attempts}").touch()
    deadline = time.monotonic() + LONGEST
    while not Path(folder, "open").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@shared_task(
    base=Job, bind=True, name="tests.act", idempotency="{number}", job_queue="default",
    metered=False,
)  # fmt: skip
def act(_task: Any, run: JobRun, *, number: str, folder: str, gate: str = "") -> None:
    """Have one effect; wait at the gate `within` its transaction, or `after` it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(EFFECT, {"run": run.pk})
        if gate == "within":
            _pass(folder, run)
    if gate == "after":
        _pass(folder, run)


@shared_task(name="tests.touch", ignore_result=True)
def touch(*, path: str) -> None:
    """No job: a message of Celery's, as beat sends them."""
    Path(path).touch()


@shared_task(
    base=Job, bind=True, name="tests.count", repeats=True, job_queue="default", metered=False
)
def count(_task: Any, run: JobRun) -> None:
    """Have an effect each time, for those that must be done exactly once."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO public.effects VALUES (%s)", [run.pk])
