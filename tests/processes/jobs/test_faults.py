"""Jobs hold when what carries them does not."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from django.utils import timezone

from apps.jobs.models import JobRun
from apps.jobs.services import tickets
from tests.processes.jobs import tasks
from tests.processes.jobs.conftest import PATIENCE, effects, wait

ONCE = 30
pytestmark = pytest.mark.timeout(600)


def act(site, gate):
    return tasks.act.enqueue(
        by=None, schema_name="w_alpha", number=gate, folder=str(site.folder), gate=gate
    )


def succeeded(runs, attempts):
    rows = JobRun.objects.filter(pk__in=[run.pk for run in runs], state="succeeded")
    return set(rows.values_list("attempts", flat=True)) == {attempts} and len(rows) == len(runs)


def counted(number):
    return [tasks.count.enqueue(by=None, schema_name="w_alpha") for _ in range(number)]


def of_pool(process):
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(pid) for pid in children.split()]


def test_what_a_killed_worker_had_begun_is_done_again_with_one_effect(site):
    """One is killed before its effect is committed, the other after that and before the end."""
    runs = [act(site, "within"), act(site, "after")]
    worker = site.worker()
    wait(lambda: all(site.has_begun(run) for run in runs))
    assert list(effects()) == [runs[1].pk]
    site.kill(worker)
    site.open_gate()
    site.beat()
    second = site.worker()
    wait(lambda: succeeded(runs, attempts=2))
    assert effects() == {run.pk: 1 for run in runs}
    assert second.poll() is None


def test_a_killed_process_of_the_pool_is_replaced_and_its_run_goes_on(site):
    worker = site.worker()
    site.beat()
    run = act(site, "within")
    wait(lambda: site.has_begun(run))
    for pid in of_pool(worker):
        os.kill(pid, signal.SIGKILL)
    site.open_gate()
    wait(lambda: succeeded([run], attempts=2))
    assert effects() == {run.pk: 1}
    assert worker.poll() is None


def test_a_worker_that_is_to_stop_ends_what_it_has_begun_and_begins_nothing(site):
    worker = site.worker(queues="default")
    begun = [act(site, "within"), act(site, "after")]
    wait(lambda: all(site.has_begun(run) for run in begun))
    later = counted(5)
    worker.terminate()
    wait(lambda: "Warm shutdown" in site.log("worker"))
    site.open_gate()
    assert worker.wait(PATIENCE) == 0
    assert succeeded(begun, attempts=1)
    assert effects() == {run.pk: 1 for run in begun}
    assert JobRun.objects.due().count() == len(later)


def test_what_is_wanted_without_redis_is_done_once_when_it_is_back(site):
    site.worker()
    site.beat()
    before = counted(1)
    wait(lambda: succeeded(before, attempts=1))
    wait(lambda: all((site.folder / f"{name}.alive").exists() for name in ("worker", "beat")))
    site.valkey.stop()
    runs = counted(ONCE)
    assert JobRun.objects.due().count() == ONCE
    site.valkey.start()
    wait(lambda: succeeded(runs, attempts=1))
    assert effects() == {run.pk: 1 for run in before + runs}


def test_what_an_emptied_redis_has_forgotten_is_done_all_the_same(site):
    runs = counted(ONCE)
    assert tickets.waiting("default") == tickets.ENOUGH
    site.valkey.client.flushall()
    assert tickets.waiting("default") == 0
    site.worker()
    site.beat()
    wait(lambda: succeeded(runs, attempts=1))
    assert effects() == {run.pk: 1 for run in runs}


def test_a_workspaces_thousands_do_not_stand_before_anothers_one(site):
    """By order of their begins, so that it does not matter how quick the machine is."""
    held = [act(site, "within"), act(site, "after")]
    site.worker(queues="default")
    wait(lambda: all(site.has_begun(run) for run in held))
    JobRun.objects.bulk_create(
        JobRun(name="tests.count", schema_name="w_alpha", due_at=timezone.now())
        for _ in range(2_000)
    )
    tickets.top_up()
    other = tasks.count.enqueue(by=None, schema_name="w_beta")
    site.open_gate()
    wait(lambda: succeeded([other], attempts=1))
    other.refresh_from_db()
    sooner = JobRun.objects.filter(name="tests.count", started_at__lt=other.started_at)
    # Whoever took their turn in the same moment may have.
    assert sooner.count() <= 1
    assert JobRun.objects.filter(name="tests.count", state="queued").exists()
