"""Steps in a transaction, outside of one, and in Python; locks in the way; runs cut short."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from apps.fleet.models import Rollout, RolloutItem, Schema
from apps.fleet.services import drift, owner, replays, rollbacks, rollouts, schemas

from .conftest import ADD_COLOUR, fail_in

States = RolloutItem.State
INDEX = """
atomic = False
operations = [
    AddIndexConcurrently("workspacemark", models.Index(fields=["written_at"], name="mark_when")),
]
"""
COLOUR_AND_INDEX = """
atomic = False
operations = [
    migrations.AddField("workspacemark", "colour", models.CharField(max_length=9, db_default="")),
    AddIndexConcurrently("workspacemark", models.Index(fields=["written_at"], name="mark_when")),
]
"""
PYTHON = """
def colour(apps, editor):
    SCHEMA = editor.connection.schema_name
    apps.get_model("marks", "WorkspaceMark").objects.create(id=1, schema_name=SCHEMA, colour="red")


def no_colour(apps, editor):
    apps.get_model("marks", "WorkspaceMark").objects.filter(colour="red").delete()


unsafe = {"data_in_one_transaction": "each workspace has one row of it"}
operations = [
    migrations.AddField("workspacemark", "colour", models.CharField(max_length=9, db_default="")),
    migrations.RunPython(colour, no_colour),
]
"""


def migrate(course, **changes):
    return rollouts.migrate(by="test", course=course, **changes)


@contextmanager
def session():
    """Another program with a connection of its own, as the owner."""
    params = connection.get_connection_params()
    wanted = ("dbname", "user", "password", "host", "port")
    with owner.session():
        params = connection.get_connection_params()
    with psycopg.connect(**{key: params[key] for key in wanted}) as other:
        yield other


def rows(name):
    with owner.session():
        query = f'SELECT schema_name, colour FROM "{name}".marks_workspacemark'  # noqa: S608
        return owner.raw().execute(query.encode()).fetchall()


def indexes(name):
    with owner.session():
        found = owner.raw().execute(
            "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = indexrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s",
            [name],
        )
        return dict(found.fetchall())


def no_drift():
    with owner.session():
        return list(drift.report(using="default")) == []


class TestLocks:
    def test_a_locked_workspace_does_not_stop_the_others(self, fleet, quick):
        names = fleet.grow(5)
        fleet.release("0002_colour", ADD_COLOUR)
        with session() as other:
            other.execute("SELECT * FROM w_fleet_02.marks_workspacemark")
            rollout = migrate(quick(rings="all"))
        behind = Schema.objects.exclude(version=rollout.target).values_list("name", flat=True)
        assert (rollout.state, list(behind)) == (Rollout.State.PAUSED, ["w_fleet_02"])
        assert len(names) == 5

    def test_who_holds_the_lock_is_named(self, fleet, quick):
        fleet.grow(2)
        fleet.release("0002_colour", ADD_COLOUR)
        with session() as other:
            other.execute("SELECT * FROM w_fleet_01.marks_workspacemark")
            rollout = migrate(quick(rings="all"))
            assert f"process {other.info.backend_pid}" in rollout.problem
        assert "holds marks_workspacemark, idle in transaction" in rollout.problem

    def test_the_rerun_moves_only_what_was_blocked(self, fleet, quick):
        fleet.grow(4)
        fleet.release("0002_colour", ADD_COLOUR)
        with session() as other:
            other.execute("SELECT * FROM w_fleet_02.marks_workspacemark")
            first = migrate(quick(rings="all"))
        seen = []
        again = migrate(quick(), watch=Watcher(lambda progress: seen.append(progress.total)))
        assert (again.pk, again.state, seen) == (first.pk, Rollout.State.COMPLETED, [1])

    def test_it_is_tried_again_at_the_end_of_the_ring(self, fleet, quick, monkeypatch):
        monkeypatch.setattr("apps.fleet.services.passages.FIRST_WAIT", 0.01)
        fleet.grow(3)
        fleet.release("0002_colour", ADD_COLOUR)
        with session() as other:
            other.execute("SELECT * FROM w_fleet_01.marks_workspacemark")

            def let_go(progress):
                if progress.blocked and progress.done == 2:
                    other.rollback()

            rollout = migrate(quick(rings="all", attempts=5), watch=Watcher(let_go))
        assert rollout.state == Rollout.State.COMPLETED
        assert rollout.items.get(schema_name="w_fleet_01").attempts == 2

    def test_a_blocked_canary_is_not_taken_for_a_good_one(self, fleet, quick):
        fleet.grow(3)
        with owner.session():
            Schema.objects.filter(name="w_fleet_01").update(is_canary=True)
        fleet.release("0002_colour", ADD_COLOUR)
        with session() as other:
            other.execute("SELECT * FROM w_fleet_01.marks_workspacemark")
            rollout = migrate(quick())
        assert "could not be judged" in rollout.problem
        assert rollout.target_id not in fleet.versions().values()


class TestConcurrently:
    def test_each_schema_gets_a_valid_index(self, fleet, quick):
        names = fleet.grow(3)
        fleet.release("0002_index", INDEX)
        assert migrate(quick(lock_timeout=2)).state == Rollout.State.COMPLETED
        assert all(indexes(name)["mark_when"] for name in names)
        assert no_drift()

    def test_an_invalid_leftover_is_built_anew(self, fleet, quick):
        fleet.grow(1)
        fleet.release("0002_index", INDEX)
        with session() as other:
            other.autocommit = True
            other.execute("CREATE INDEX mark_when ON w_fleet_00.marks_workspacemark (written_at)")
            other.execute(
                "UPDATE pg_index SET indisvalid = false"
                " WHERE indexrelid = 'w_fleet_00.mark_when'::regclass"
            )
        assert migrate(quick(lock_timeout=2)).state == Rollout.State.COMPLETED
        assert indexes("w_fleet_00")["mark_when"]

    def test_a_whole_index_is_left_as_it_is(self, fleet, quick):
        fleet.grow(1)
        fleet.release("0002_index", INDEX)
        with session() as other:
            other.execute("CREATE INDEX mark_when ON w_fleet_00.marks_workspacemark (written_at)")
            [(before,)] = other.execute("SELECT 'w_fleet_00.mark_when'::regclass::oid").fetchall()
        assert migrate(quick(lock_timeout=2)).state == Rollout.State.COMPLETED
        with session() as other:
            [(after,)] = other.execute("SELECT 'w_fleet_00.mark_when'::regclass::oid").fetchall()
        assert before == after

    def test_steps_of_both_kinds_follow_each_other(self, fleet, quick):
        names = fleet.grow(2)
        fleet.release("0002_colour", ADD_COLOUR)
        fleet.release("0003_index", INDEX)
        fleet.release("0004_size", ADD_COLOUR.replace("colour", "size"))
        assert migrate(quick(lock_timeout=2)).state == Rollout.State.COMPLETED
        assert all({"colour", "size"} <= fleet.columns(name) for name in names)
        assert no_drift()

    def test_it_goes_on_behind_the_parts_that_are_done(self, fleet, quick, monkeypatch):
        fleet.grow(1)
        fleet.release("0002_colour", ADD_COLOUR)
        fleet.release("0003_index", INDEX)

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(replays.Replay, "_send_alone", die)
            with pytest.raises(KeyboardInterrupt):
                migrate(quick())
        assert "colour" in fleet.columns(Rollout.objects.get().items.earliest("ring").schema_name)
        assert Rollout.objects.get().state == Rollout.State.PAUSED
        assert migrate(quick(lock_timeout=2)).state == Rollout.State.COMPLETED

    def test_a_blocked_index_is_tried_again_behind_what_is_done(self, fleet, quick, monkeypatch):
        monkeypatch.setattr(replays, "ALONE_PATIENCE", 1)
        monkeypatch.setattr("apps.fleet.services.passages.FIRST_WAIT", 0.01)
        fleet.grow(2)
        fleet.release("0002_both", COLOUR_AND_INDEX)
        with session() as other:
            other.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ

            def look(progress):
                if progress.blocked:
                    other.rollback()
                else:  # after the first: an old snapshot, which the second's index awaits
                    other.execute("SELECT FROM pg_class LIMIT 1")

            rollout = migrate(quick(rings="all", attempts=2), watch=Watcher(look))
        assert (rollout.state, rollout.problem) == (Rollout.State.COMPLETED, "")
        assert sorted(rollout.items.values_list("attempts", flat=True)) == [1, 2]
        assert no_drift()

    def test_what_was_done_before_a_failure_is_undone(self, fleet, quick):
        fleet.grow(1)
        fleet.release("0002_index", INDEX)
        fleet.release("0003_mood", fail_in("w_fleet_00"))
        assert migrate(quick(lock_timeout=2)).state == Rollout.State.FAILED
        returned = rollbacks.roll_back(by="test", course=quick(lock_timeout=2))
        assert (returned.state, "mark_when" in indexes("w_fleet_00")) == ("rolled_back", False)

    def test_a_schema_dropped_meanwhile_is_no_failure(self, fleet, quick, monkeypatch):
        fleet.grow(2)
        fleet.release("0002_index", INDEX)
        send = replays.Replay._send_alone

        def purged(self, schema_name, statement):
            if schema_name == "w_fleet_01":
                schemas.drop(schema_name=schema_name)
            send(self, schema_name, statement)

        monkeypatch.setattr(replays.Replay, "_send_alone", purged)
        assert migrate(quick(lock_timeout=2)).state == Rollout.State.COMPLETED

    def test_prepared_schemas_are_dropped_instead(self, fleet, quick):
        fleet.grow(1)
        with owner.session(), connection.cursor() as cursor:
            cursor.execute("SELECT fleet.build_schema('prepared_1', %s)", [fleet.origin.pk])
        fleet.release("0002_index", INDEX)
        migrate(quick(lock_timeout=2))
        assert not Schema.objects.filter(name="prepared_1").exists()


class TestPython:
    def test_functions_run_in_each_schema(self, fleet, quick):
        names = fleet.grow(3)
        fleet.release("0002_colour", PYTHON)
        assert migrate(quick()).state == Rollout.State.COMPLETED
        assert [rows(name) for name in names] == [[(name, "red")] for name in names]
        assert no_drift()

    def test_a_function_that_raises_leaves_nothing(self, fleet, quick):
        fleet.grow(1)
        fleet.release("0002_colour", PYTHON.replace("id=1", "id=1 // (SCHEMA != 'w_fleet_00')"))
        with owner.session():
            Schema.objects.filter(name="w_fleet_00").update(is_canary=True)
        rollout = migrate(quick())
        assert rollout.state == Rollout.State.FAILED
        assert "ZeroDivisionError" in rollout.problem
        assert "colour" not in fleet.columns("w_fleet_00")

    def test_models_are_rendered_once_for_all(self, fleet, quick, monkeypatch):
        from apps.fleet.services import executions

        rendered = []
        render = executions._render
        monkeypatch.setattr(
            executions, "_render", lambda *args: rendered.append(args) or render(*args)
        )
        fleet.grow(4)
        fleet.release("0002_colour", PYTHON)
        migrate(quick())
        assert len(rendered) == 1


class Watcher:
    def __init__(self, move):
        self._move = move

    def say(self, text):
        pass

    def move(self, progress):
        self._move(progress)


def test_traffic_sees_nothing_of_a_rolling_upgrade(fleet, quick):
    """Readers and writers in each workspace, as the application, from before to after."""
    from django.db import connections
    from django_tenants.utils import schema_context

    from apps.marks.models import WorkspaceMark

    names = fleet.grow(8)
    fleet.release("0002_colour", ADD_COLOUR)
    fleet.release("0003_index", INDEX)
    over, errors, done = threading.Event(), [], []

    def work(own):
        try:
            while not over.is_set():
                for name in own:
                    with schema_context(name):
                        WorkspaceMark.objects.update_or_create(pk=1, defaults={"schema_name": name})
                        assert WorkspaceMark.objects.get().schema_name == name
                        done.append(name)
        except Exception as error:  # noqa: BLE001 -- counted below
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=[names[start::2]]) for start in range(2)]
    for thread in threads:
        thread.start()
    rollout = migrate(quick(lock_timeout=2, attempts=5))
    over.set()
    for thread in threads:
        thread.join()
    assert (rollout.state, errors) == (Rollout.State.COMPLETED, [])
    assert set(done) == set(names)
