"""Back to the version before."""

from __future__ import annotations

import pytest
from psycopg import errors

from apps.fleet.errors import NothingToRollBack, NotReversible, RolledBack
from apps.fleet.models import Rollout, Schema, SchemaVersion
from apps.fleet.services import checks, drift, owner, rollbacks, rollouts, schemas, versions

from .conftest import ADD_COLOUR
from .test_ways_of_schemas import INDEX, PYTHON, indexes, session

ONE_WAY = """
unsafe = {"irreversible": "what is gone cannot be had back"}
operations = [
    migrations.AddField("workspacemark", "colour", models.CharField(max_length=9, db_default="")),
    migrations.RunSQL("SELECT 1"),
]
"""


@pytest.fixture
def unhappy(monkeypatch):
    """A check that finds fault with the second ring."""
    found = {"w_fleet": "looks sad"}

    def look(names):
        if len(names) > 1:
            yield from found.values()

    monkeypatch.setitem(checks._registered, "mood", look)
    return found


def migrate(course):
    return rollouts.migrate(by="test", course=course)


def back(course, **changes):
    return rollbacks.roll_back(by="test", course=course, **changes)


def no_drift():
    with owner.session():
        return list(drift.report(using="default")) == []


def test_a_ring_that_fails_its_checks_stops_the_rollout(fleet, quick, unhappy):
    fleet.grow(12)
    fleet.release("0002_colour", ADD_COLOUR)
    rollout = migrate(quick(rings="canary,50%,all"))
    assert (rollout.state, rollout.ring) == (Rollout.State.FAILED, 1)
    assert "mood: looks sad" in rollout.problem


def test_that_ring_is_returned_and_the_one_before_stays(fleet, quick, unhappy):
    fleet.grow(12)
    fleet.release("0002_colour", ADD_COLOUR)
    rollout = migrate(quick(rings="canary,50%,all"))
    returned = back(quick())
    assert (returned.pk, returned.state) == (rollout.pk, Rollout.State.ROLLED_BACK)
    assert Schema.objects.filter(version=rollout.target).count() == 1
    assert no_drift()


def test_it_is_returned_at_once_where_that_is_wanted(fleet, quick, unhappy):
    fleet.grow(6)
    fleet.release("0002_colour", ADD_COLOUR)
    rollout = migrate(quick(rings="canary,50%,all", auto_rollback=True))
    assert rollout.state == Rollout.State.ROLLED_BACK


def test_a_whole_rollout_can_be_returned_after_its_end(fleet, quick):
    names = fleet.grow(4)
    fleet.release("0002_colour", ADD_COLOUR)
    migrate(quick())
    assert back(quick(), whole=True).state == Rollout.State.ROLLED_BACK
    assert set(fleet.versions().values()) == {fleet.origin.pk}
    assert not any("colour" in fleet.columns(name) for name in names)
    assert no_drift()


def test_a_complete_rollout_is_not_returned_by_accident(fleet, quick):
    fleet.grow(1)
    fleet.release("0002_colour", ADD_COLOUR)
    migrate(quick())
    with pytest.raises(NothingToRollBack, match="--all"):
        back(quick())


def test_new_customers_get_the_version_before_again(fleet, quick):
    fleet.grow(2)
    fleet.release("0002_colour", ADD_COLOUR)
    migrate(quick())
    back(quick(), whole=True)
    fleet.withdraw("0002_colour")
    assert schemas.build(schema_name="w_new").version_id == fleet.origin.pk


def test_prepared_schemas_of_it_are_dropped(fleet, quick):
    fleet.grow(1)
    fleet.release("0002_colour", ADD_COLOUR)
    rollout = migrate(quick())
    with owner.session():
        schemas.prepare(version=rollout.target)
    back(quick(), whole=True)
    assert not Schema.objects.prepared().exists()


def test_customers_who_came_during_the_rollout_are_returned_too(fleet, quick):
    fleet.grow(1)
    fleet.release("0002_colour", ADD_COLOUR)
    migrate(quick())
    schemas.build(schema_name="w_new")
    back(quick(), whole=True)
    assert fleet.versions()["w_new"] == fleet.origin.pk


def test_a_customer_who_comes_as_it_begins_is_returned_too(fleet, quick, monkeypatch):
    """Between the look for those who came and the moment from which nobody does."""
    fleet.grow(1)
    fleet.release("0002_colour", ADD_COLOUR)
    rollout = migrate(quick())
    retire = versions.retire

    def come_first(**about):
        schemas.call("build_schema", "w_new", rollout.target_id)
        retire(**about)

    monkeypatch.setattr(versions, "retire", come_first)
    assert back(quick(), whole=True).state == Rollout.State.ROLLED_BACK
    assert fleet.versions()["w_new"] == fleet.origin.pk


def test_a_sign_up_under_way_is_waited_for(fleet, quick):
    fleet.grow(1)
    with session() as customer, session() as other:
        customer.execute("SELECT fleet.build_schema('w_new', %s)", [fleet.origin.pk])
        other.execute("SET LOCAL lock_timeout = '50ms'")
        with pytest.raises(errors.LockNotAvailable):
            other.execute("UPDATE public.fleet_schemaversion SET retired_at = now()")


def test_the_same_version_is_refused_until_it_is_asked_for_again(fleet, quick):
    fleet.grow(2)
    fleet.release("0002_colour", ADD_COLOUR)
    migrate(quick())
    back(quick(), whole=True)
    with pytest.raises(RolledBack, match="--again"):
        migrate(quick())
    again = migrate(quick(again=True))
    assert again.state == Rollout.State.COMPLETED
    assert SchemaVersion.objects.get(pk=again.target_id).retired_at is None


def test_what_cannot_be_undone_is_left_and_said(fleet, quick):
    fleet.grow(2)
    fleet.release("0002_colour", ONE_WAY)
    rollout = migrate(quick())
    with pytest.raises(NotReversible, match=r"marks\.0002_colour.*forward"):
        back(quick(), whole=True)
    assert set(fleet.versions().values()) == {rollout.target_id}
    assert SchemaVersion.objects.get(pk=rollout.target_id).retired_at is None


def test_indexes_built_beside_the_traffic_go_too(fleet, quick):
    fleet.grow(2)
    fleet.release("0002_index", INDEX)
    migrate(quick(lock_timeout=2))
    assert back(quick(lock_timeout=2), whole=True).state == Rollout.State.ROLLED_BACK
    assert "mark_when" not in indexes("w_fleet_00")


def test_functions_have_a_way_back(fleet, quick):
    fleet.grow(2)
    fleet.release("0002_colour", PYTHON)
    migrate(quick())
    assert back(quick(), whole=True).state == Rollout.State.ROLLED_BACK
    assert "colour" not in fleet.columns("w_fleet_00")
    assert no_drift()


def test_one_that_is_locked_is_returned_by_the_next_call(fleet, quick):
    fleet.grow(3)
    fleet.release("0002_colour", ADD_COLOUR)
    migrate(quick())
    with session() as other:
        other.execute("SELECT * FROM w_fleet_01.marks_workspacemark")
        stuck = back(quick(), whole=True)
    assert stuck.state == Rollout.State.FAILED
    with pytest.raises(RolledBack, match="finish it"):
        migrate(quick())
    assert back(quick(), whole=True).state == Rollout.State.ROLLED_BACK
    assert set(fleet.versions().values()) == {fleet.origin.pk}


def test_there_must_be_a_rollout(fleet, quick):
    with pytest.raises(NothingToRollBack):
        back(quick())


def test_many_schemas_are_looked_at_by_two(fleet, monkeypatch):
    monkeypatch.setattr(checks, "SHARED_FROM", 4)
    names = fleet.grow(5)
    with owner.session():
        for name in names[1:3]:
            owner.raw().execute(f"ALTER TABLE {name}.marks_workspacemark ADD own text".encode())
        found = checks.differing(schema_names=names)
    assert [line.partition(":")[0] for line in found] == names[1:3]
