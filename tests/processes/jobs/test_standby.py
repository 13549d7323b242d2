"""Processes that stand by between two of Celery's tasks."""

from __future__ import annotations

import time

import pytest

from apps.jobs.services import tickets
from tests.processes.jobs import tasks
from tests.processes.jobs.conftest import PATIENCE, wait
from tests.processes.jobs.test_faults import act, counted, succeeded

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def standing(site):
    """A worker of whose two processes one does at least; both have had a task."""
    worker = site.worker()
    held = [act(site, "within"), act(site, "after")]
    wait(lambda: all(site.has_begun(run) for run in held))
    site.open_gate()
    wait(lambda: site.valkey.client.zcard("jobs:by:bulk") > 0)
    return worker


@pytest.fixture
def messages(monkeypatch):
    """Queues to which a message was sent from here."""
    queues, send = [], tickets._send
    monkeypatch.setattr(
        tickets, "_send", lambda queue, *about: (queues.append(queue), send(queue, *about))[1]
    )
    return queues


def stand_by_for(site, queue):
    """How many, and are not on the list only for as long as a short run takes."""
    return site.valkey.client.zcount(f"jobs:by:{queue}", time.time() + 0.2, "+inf")


def test_runs_begin_without_a_message(site, standing, messages):
    """Most of them: where a machine stands still for seconds, processes are taken for dead."""
    for _ in range(5):
        wait(lambda: stand_by_for(site, "default"))
        run = counted(1)
        wait(lambda run=run: succeeded(run, attempts=1))
    assert len(messages) < 5


def test_what_is_no_job_is_not_kept_waiting(site, standing):
    """Twice as many as there are processes, and none of them leaves by itself within a minute."""
    paths = [site.folder / f"touched-{number}" for number in range(4)]
    for path in paths:
        tasks.touch.apply_async(kwargs={"path": str(path)}, queue="default")
    wait(lambda: all(path.exists() for path in paths))
    wait(lambda: site.valkey.client.zcard("jobs:by:default") > 0)


def test_a_worker_that_is_to_stop_has_not_to_be_waited_for(site, standing):
    standing.terminate()
    assert standing.wait(PATIENCE) == 0
    assert site.valkey.client.keys("jobs:by:*") == []
