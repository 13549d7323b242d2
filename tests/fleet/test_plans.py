from __future__ import annotations

import json

import pytest
from django.db import connection, transaction
from django_tenants.utils import schema_context

from apps.core.errors import Invalid
from apps.fleet.errors import RehearsalFailed, UnsafeMigration
from apps.fleet.management import plan_texts
from apps.fleet.services import plans
from apps.fleet.services.ownership import as_owner, run

pytestmark = pytest.mark.django_db(databases="__all__")

COLOUR = """
operations = [
    migrations.AddField("workspacemark", "colour", models.CharField(max_length=9, db_default="")),
]
"""
REWRITE = """
operations = [migrations.AlterField("workspacemark", "schema_name", models.IntegerField())]
"""
INDEX = """
atomic = False
operations = [AddIndexConcurrently(
    "workspacemark", models.Index(fields=["written_at"], name="marks_by_time"))]
"""
PLAIN_INDEX = """
unsafe = {{"index_not_concurrent": {reason!r}}}
operations = [migrations.AddIndex(
    "workspacemark", models.Index(fields=["written_at"], name="marks_by_time"))]
"""
CHECK = """
atomic = False
operations = [
    AddConstraintNotValid("workspacemark", models.CheckConstraint(
        condition=~models.Q(schema_name=""), name="mark_has_a_name")),
    ValidateConstraint("workspacemark", "mark_has_a_name"),
]
"""
UNIQUE = """
atomic = False
operations = [AddUniqueConcurrently(
    "workspacemark", models.UniqueConstraint(fields=["schema_name"], name="mark_name_once"))]
"""
HIDDEN = """
operations = [migrations.RunSQL(*(
    "DO $$ BEGIN ALTER TABLE marks_workspacemark ALTER COLUMN schema_name TYPE " + kind + "; END $$"
    for kind in ("uuid USING NULL", "varchar(63) USING ''")))]
"""


def text_of(plan):
    return "\n".join(plan_texts.lines(plan))


def codes(plan):
    return sorted({finding.code for finding in plan.refusals})


def only_step(plan):
    (group,) = plan.groups
    (step,) = group.steps
    return step


def columns_of(table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid"
            " WHERE format('%%s.%%s', relnamespace::regnamespace, relname) = %s",
            [table],
        )
        return {name for (name,) in cursor.fetchall()}


def test_nothing_to_do():
    assert text_of(plans.make()).startswith("Nothing to do")


def test_what_runs_where_and_under_which_locks(release):
    release("0009_colour", COLOUR)
    plan = plans.make()
    step = only_step(plan)
    assert plan.groups[0].workspaces == 2
    assert step.locks == ["stops reads and writes of marks_workspacemark"]
    assert (step.mode, step.reversible, step.rewritten, step.scanned) == ("replay", True, [], [])
    assert 0 < step.milliseconds < 1000
    assert 0 < plan.seconds < 60
    assert plan.refusals == []
    assert json.loads(json.dumps(plan.as_json()))["groups"][0]["version"]


def test_a_plan_changes_nothing(release):
    release("0009_colour", COLOUR)
    plans.make()
    assert "colour" not in columns_of("w_alpha.marks_workspacemark")
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'scratch%'")
        assert cursor.fetchall() == []


def test_a_table_that_is_written_anew_is_refused(release):
    release("0009_number", REWRITE)
    plan = plans.make()
    assert codes(plan) == ["type_change"]
    assert only_step(plan).rewritten == ["marks_workspacemark"]
    assert "marks_workspacemark: " in text_of(plan)
    with pytest.raises(UnsafeMigration, match="ALTER COLUMN TYPE writes marks_workspacemark"):
        plans.refuse_unsafe(plan)


def test_the_rehearsal_sees_what_no_rule_can_read(release):
    release("0009_hidden", HIDDEN)
    assert codes(plans.make()) == ["table_rewritten"]


def test_without_a_rehearsal_the_code_alone_is_read(release):
    release("0009_number", REWRITE)
    plan = plans.make(rehearse=False)
    assert codes(plan) == ["type_change"]
    assert only_step(plan).migration == "marks.0009_number"
    assert "rehearsed" not in text_of(plan)


def test_an_index_beside_the_traffic(release):
    release("0009_index", INDEX)
    plan = plans.make()
    assert plan.refusals == []
    assert only_step(plan).mode == "concurrent"


def test_a_check_beside_the_traffic(release):
    release("0009_check", CHECK)
    plan = plans.make()
    assert plan.findings == []
    assert only_step(plan).scanned == ["marks_workspacemark"]


def test_our_own_operations_are_recorded_once_for_all(release):
    release("0009_unique", UNIQUE)
    plan = plans.make()
    step = only_step(plan)
    assert plan.refusals == []
    assert (step.mode, step.reversible) == ("concurrent", True)
    assert "CREATE UNIQUE INDEX CONCURRENTLY" in text_of(plan)


def test_an_accepted_finding_is_shown_with_its_reason(release):
    reason = "the table holds one row per workspace"
    release("0009_index", PLAIN_INDEX.format(reason=reason))
    plan = plans.make()
    plans.refuse_unsafe(plan)
    assert f"Accepted by its author: {reason}" in text_of(plan)
    assert only_step(plan).locks == ["stops writes to marks_workspacemark"]
    assert only_step(plan).scanned == ["marks_workspacemark"]


def test_rehearsed_on_a_schema_with_rows(release):
    release("0009_colour", COLOUR)
    plan = plans.make(on="w_alpha")
    assert only_step(plan).locks == ["stops reads and writes of marks_workspacemark"]
    assert plan.groups[0].rehearsed_on == "w_alpha"
    assert "colour" not in columns_of("w_alpha.marks_workspacemark")


@pytest.fixture
def row_in_alpha():
    """One that is really there, for other connections too."""
    with as_owner() as connection, schema_context("w_alpha"):
        run(connection, "INSERT INTO marks_workspacemark VALUES (1, 'seven', now())")
    yield
    with as_owner() as connection, schema_context("w_alpha"):
        run(connection, "DELETE FROM marks_workspacemark")


def test_a_rehearsal_meets_the_rows_there_are(release, row_in_alpha):
    release("0009_number", REWRITE)
    with pytest.raises(RehearsalFailed, match="On w_alpha: invalid input syntax for type integer"):
        plans.make(on="w_alpha")


@pytest.mark.parametrize("name", ["w_alpha", "w_nobody"])
def test_a_rehearsal_wants_a_schema_that_is_behind(name):
    with pytest.raises(Invalid, match=name):
        plans.make(on=name)


def test_a_rehearsal_on_a_busy_schema_gives_up(release):
    release("0009_colour", COLOUR)
    with schema_context("w_alpha"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE marks_workspacemark IN ACCESS SHARE MODE")
        with pytest.raises(RehearsalFailed, match="lock timeout"):
            plans.make(on="w_alpha", lock_timeout=0.05)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.42, "0.4 s"), (12.3, "12 s"), (185, "3 min 5 s"), (7440, "2 h 4 min")],
)
def test_durations(seconds, text):
    assert plan_texts.duration(seconds) == text
