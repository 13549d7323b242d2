"""kill -9 in the middle of a fleet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from django.db import connection

from apps.fleet.models import Rollout, RolloutItem, Schema
from apps.fleet.services import locks, rollouts
from embedded.process import die_with_parent
from tests.fleet.rollouts.conftest import ADD_COLOUR
from tests.fleet.rollouts.test_ways_of_schemas import INDEX, no_drift, session

SECONDS = 60
SETTINGS = """
from config.settings import *

for _about in DATABASES.values():
    _about["NAME"] = {name!r}
MIGRATION_MODULES = {modules!r}
TENANT_APPS = ["apps.marks"]
"""
PROGRAM = """
import django
django.setup()
from apps.fleet.services import rollouts
from apps.fleet.services.courses import Course
rollouts.migrate(by="child", course=Course(rings="all", lock_timeout=60))
"""
WAITS = """
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'fleet: child%'
  AND datname = current_database() AND wait_event_type = 'Lock')
"""


def ask(question):
    with session() as other:
        return other.execute(question).fetchone()[0]


def wait_until(reached):
    deadline = time.monotonic() + SECONDS
    while not reached():
        assert time.monotonic() < deadline, "it never came to that point"
        time.sleep(0.02)


@contextmanager
def child(tmp_path, settings):
    """Another process that migrates the fleet; killed without a word at the end."""
    text = SETTINGS.format(
        name=connection.settings_dict["NAME"], modules=settings.MIGRATION_MODULES
    )
    (tmp_path / "child_settings.py").write_text(text)
    paths = os.pathsep.join([str(tmp_path), *sys.path])
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "child_settings", "PYTHONPATH": paths},
        preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 -- one thread
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("body", [ADD_COLOUR, INDEX], ids=["replay", "concurrently"])
def test_a_killed_run_goes_on_where_it_was(fleet, quick, tmp_path, settings, body):
    fleet.grow(6)
    fleet.release("0002_next", body)
    with session() as other:
        other.execute("LOCK w_fleet_03.marks_workspacemark IN ROW EXCLUSIVE MODE")
        done = RolloutItem.objects.filter(state=RolloutItem.State.DONE)
        with child(tmp_path, settings):
            # Building an index waits for a moment elsewhere, too: behind whoever just looked.
            wait_until(lambda: done.count() == 3 and ask(WAITS))
        # Its rollout says that it runs, and nobody is at work on it.
        rollout = Rollout.objects.get()
        assert rollout.state == Rollout.State.RUNNING
        assert done.count() == Schema.objects.filter(version=rollout.target).count() == 3
    wait_until(lambda: locks.holder() is None)
    again = rollouts.migrate(by="test", course=quick(lock_timeout=5))
    assert (again.pk, again.state) == (rollout.pk, Rollout.State.COMPLETED)
    assert set(fleet.versions().values()) == {rollout.target_id}
    assert no_drift()


def test_the_next_run_waits_for_the_servers_last_statement(fleet, quick, tmp_path, settings):
    from apps.fleet.errors import FleetBusy

    fleet.grow(1)
    fleet.release("0002_colour", ADD_COLOUR)
    with session() as other:
        other.execute("LOCK w_fleet_00.marks_workspacemark IN ROW EXCLUSIVE MODE")
        with child(tmp_path, settings):
            wait_until(lambda: ask(WAITS))
        with pytest.raises(FleetBusy, match="child"):
            rollouts.migrate(by="test", course=quick())
    wait_until(lambda: locks.holder() is None)
    assert "colour" in fleet.columns("w_fleet_00")
