"""A fleet's way to a new version, ring after ring."""

from __future__ import annotations

import pytest
from django.db import connection

from apps.audit.models import AuditEntry
from apps.core.errors import Conflict
from apps.fleet import signals
from apps.fleet.errors import FleetBusy, NoWay, RingsInvalid
from apps.fleet.models import Rollout, RolloutItem, Schema
from apps.fleet.services import drift, locks, owner, rollouts, schemas, versions
from apps.fleet.services.courses import Unwatched

from .conftest import ADD_COLOUR, fail_in

States = RolloutItem.State


def migrate(course, **changes):
    return rollouts.migrate(by="test", course=course, **changes)


def test_all_schemas_get_the_new_column(fleet, quick):
    names = fleet.grow(12)
    fleet.release("0002_colour", ADD_COLOUR)
    rollout = migrate(quick())
    assert rollout.state == Rollout.State.COMPLETED
    assert set(fleet.versions().values()) == {versions.recorded().pk}
    assert all("colour" in fleet.columns(name) for name in names)
    with owner.session():
        assert list(drift.report(using="default")) == []


def test_nothing_to_do_is_seen_in_few_queries(fleet, django_assert_max_num_queries):
    fleet.grow(3)
    schemas.prepare(version=fleet.origin)
    assert migrate(None) is None
    with django_assert_max_num_queries(9):
        assert rollouts.is_up_to_date()


def test_rings_follow_each_other(fleet, quick):
    class Seen(Unwatched):
        rings = []

        def move(self, progress):
            self.rings.append(progress.ring)

    fleet.grow(12)
    fleet.release("0002_colour", ADD_COLOUR)
    migrate(quick(rings="canary,50%,all"), watch=Seen())
    assert list(dict.fromkeys(Seen.rings)) == ["canary", "50%", "all"]
    assert Seen.rings.count("canary") == 1


def test_it_stops_after_the_ring_asked_for_and_goes_on(fleet, quick):
    fleet.grow(10)
    fleet.release("0002_colour", ADD_COLOUR)
    stopped = migrate(quick(rings="canary,50%,all", until="canary"))
    assert stopped.state == Rollout.State.PAUSED
    assert list(fleet.versions().values()).count(stopped.target_id) == 1
    again = migrate(quick(rings="canary,50%,all"))
    assert (again.pk, again.state) == (stopped.pk, Rollout.State.COMPLETED)


def test_a_ring_that_is_not_there_cannot_be_waited_for(fleet, quick):
    fleet.grow(1)
    fleet.release("0002_colour", ADD_COLOUR)
    with pytest.raises(RingsInvalid, match="none of the rings"):
        migrate(quick(until="half"))


def test_marked_canaries_go_first(fleet, quick):
    fleet.grow(5)
    with owner.session():
        Schema.objects.filter(name="w_fleet_03").update(is_canary=True)
    fleet.release("0002_colour", ADD_COLOUR)
    rollout = migrate(quick(until="canary"))
    moved = Schema.objects.filter(version=rollout.target).values_list("name", flat=True)
    assert list(moved) == ["w_fleet_03"]


def test_a_statement_that_fails_on_the_canary_stops_it(fleet, quick):
    fleet.grow(4)
    fleet.release("0002_broken", fail_in("w_fleet_01"))
    with owner.session():
        Schema.objects.filter(name="w_fleet_01").update(is_canary=True)
    rollout = migrate(quick())
    assert rollout.state == Rollout.State.FAILED
    assert "w_fleet_01" in rollout.problem
    assert rollout.target_id not in fleet.versions().values()


def test_one_that_fails_later_leaves_the_others_alone(fleet, quick):
    names = fleet.grow(12)
    fleet.release("0002_broken", fail_in("w_fleet_07"))
    with owner.session():
        Schema.objects.filter(name="w_fleet_00").update(is_canary=True)
    rollout = migrate(quick(rings="canary,all"))
    assert rollout.state == Rollout.State.PAUSED
    assert "w_fleet_07: too sad" in rollout.problem
    behind = Schema.objects.exclude(version=rollout.target).values_list("name", flat=True)
    assert list(behind) == ["w_fleet_07"]
    assert len(names) == 12


def test_a_failed_schema_is_whole_at_its_old_version(fleet, quick):
    fleet.grow(3)
    fleet.release("0002_broken", fail_in("w_fleet_01"))
    migrate(quick())
    assert "mood" not in fleet.columns("w_fleet_01")
    with owner.session():
        assert list(drift.report(using="default")) == []


def test_more_failures_than_tolerated_stop_the_ring(fleet, quick):
    names = fleet.grow(12)
    fleet.release("0002_broken", fail_in(*names[1:]))
    with owner.session():
        Schema.objects.filter(name="w_fleet_00").update(is_canary=True)
    rollout = migrate(quick(rings="canary,all"))
    assert rollout.state == Rollout.State.FAILED
    failed = rollout.items.filter(state=States.FAILED).count()
    assert failed == 2


def test_the_rerun_mends_what_failed(fleet, quick):
    fleet.grow(4)
    fleet.release("0002_broken", fail_in("w_fleet_02"))
    first = migrate(quick())
    with owner.session():
        owner.raw().execute("DELETE FROM w_fleet_02.marks_workspacemark")
    again = migrate(quick())
    assert (again.pk, again.state) == (first.pk, Rollout.State.COMPLETED)


def test_a_newer_version_takes_the_place_of_an_open_rollout(fleet, quick):
    fleet.grow(4)
    fleet.release("0002_colour", ADD_COLOUR)
    first = migrate(quick(until="canary"))
    fleet.release("0003_size", ADD_COLOUR.replace("colour", "size"))
    second = migrate(quick())
    first.refresh_from_db()
    assert (first.state, second.state) == ("superseded", "completed")
    assert set(fleet.versions().values()) == {second.target_id}
    assert {item.origin_id for item in second.items.all()} == {fleet.origin.pk, first.target_id}


def test_code_that_lacks_what_a_schema_has_is_refused(fleet, quick):
    fleet.grow(2)
    fleet.release("0002_colour", ADD_COLOUR)
    migrate(quick(until="canary"))
    fleet.withdraw("0002_colour")
    fleet.release("0002_size", ADD_COLOUR.replace("colour", "size"))
    with pytest.raises(NoWay, match=r"0002_colour.*fleet rollback --all"):
        migrate(quick())
    # The rollout that is under way is not given up for it.
    assert Rollout.objects.get().state == Rollout.State.PAUSED


def test_a_customer_who_comes_meanwhile_is_not_left_behind(fleet, quick):
    class Customer(Unwatched):
        came = False

        def move(self, progress):
            if not self.came:
                self.came = True
                with connection.cursor() as cursor:
                    cursor.execute("SELECT fleet.build_schema('w_new', %s)", [fleet.origin.pk])

    fleet.grow(3)
    fleet.release("0002_colour", ADD_COLOUR)
    rollout = migrate(quick(), watch=Customer())
    assert rollout.state == Rollout.State.COMPLETED
    assert Schema.objects.get(name="w_new").version_id == rollout.target_id


def test_new_customers_get_the_new_version_from_the_first_ring_on(fleet, quick):
    fleet.grow(3)
    fleet.release("0002_colour", ADD_COLOUR)
    rollout = migrate(quick(until="canary"))
    assert schemas.build(schema_name="w_new").version_id == rollout.target_id


def test_prepared_schemas_go_with_the_first_ring(fleet, quick):
    fleet.grow(2)
    with owner.session():
        name = schemas.prepare(version=fleet.origin)
    fleet.release("0002_colour", ADD_COLOUR)
    rollout = migrate(quick(until="canary"))
    assert Schema.objects.get(name=name).version_id == rollout.target_id
    assert (rollout.state, rollout.problem) == (
        Rollout.State.PAUSED,
        "Stopped before all, as asked.",
    )


def test_a_workspace_that_is_closed_meanwhile_is_no_failure(fleet, quick):
    class Leaver(Unwatched):
        def move(self, progress):
            with connection.cursor() as cursor:
                cursor.execute("SELECT fleet.drop_schema('w_fleet_01')")

    fleet.grow(3)
    with owner.session():
        Schema.objects.filter(name="w_fleet_00").update(is_canary=True)
    fleet.release("0002_colour", ADD_COLOUR)
    rollout = migrate(quick(), watch=Leaver())
    assert rollout.state == Rollout.State.COMPLETED
    assert not rollout.items.filter(schema_name="w_fleet_01").exists()


def test_two_runs_cannot_overlap(fleet, quick):
    from threading import Thread

    found = []
    fleet.grow(1)
    fleet.release("0002_colour", ADD_COLOUR)

    def second():
        from django.db import connections

        try:
            migrate(quick())
        except FleetBusy as error:
            found.append(error.detail)
        finally:
            connections.close_all()

    with owner.session(), locks.only_one(by="anna"):
        thread = Thread(target=second)
        thread.start()
        thread.join()
    assert "anna" in found[0]
    assert "connected since" in found[0]


def test_the_console_can_stop_it(fleet, quick, monkeypatch):
    class Operator(Unwatched):
        asked = False

        def move(self, progress):
            if not self.asked:
                self.asked = True
                rollouts.stop(rollout=Rollout.objects.get(), by="olga")

    monkeypatch.setattr("apps.fleet.services.passages.LOOK_EVERY", 0)
    fleet.grow(4)
    fleet.release("0002_colour", ADD_COLOUR)
    rollout = migrate(quick(), watch=Operator())
    assert (rollout.state, rollout.problem) == ("paused", "Stopped by olga.")
    assert rollout.items.filter(state=States.DONE).count() == 1
    assert migrate(quick()).state == "completed"


def test_what_does_not_run_cannot_be_stopped(fleet, quick):
    fleet.grow(1)
    fleet.release("0002_colour", ADD_COLOUR)
    with pytest.raises(Conflict):
        rollouts.stop(rollout=migrate(quick()), by="olga")


def test_deeds_are_on_record(fleet, quick):
    fleet.grow(1)
    fleet.release("0002_colour", ADD_COLOUR)
    migrate(quick())
    found = AuditEntry.objects.filter(action__startswith="fleet.").values_list("action", flat=True)
    assert set(found) == {"fleet.rollout_started", "fleet.rollout_completed"}


def test_somebody_is_told_of_a_failure(fleet, quick):
    heard = []
    signals.rollout_stopped.connect(
        lambda rollout, **_: heard.append(rollout.problem), weak=False, dispatch_uid="heard"
    )
    fleet.grow(1)
    fleet.release("0002_broken", fail_in("w_fleet_00"))
    migrate(quick())
    signals.rollout_stopped.disconnect(dispatch_uid="heard")
    assert "too sad" in heard[0]
