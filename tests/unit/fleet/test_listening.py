"""What of Django's statements is kept, and how a migration travels."""

from __future__ import annotations

import pytest
from django.db import connection, migrations

from apps.fleet.models import SchemaStep
from apps.fleet.operations import BackfillInBatches
from apps.fleet.services import listening

Mode = SchemaStep.Mode


def heard(statement, params=None):
    listener = listening.Listener(connection)
    listener(lambda *_: None, statement, params, False, {})
    return listener.take()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1", "  select 2", 'SAVEPOINT "s1"', "SET LOCAL lock_timeout = '3s'",
        "INSERT INTO django_migrations (app) VALUES ('a')",
        'UPDATE "fleet_backfill" SET rows = 1',
        'DELETE FROM "accounts_user"',
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_what_changes_nothing_of_the_schema_is_left_out(statement):
    assert heard(statement) == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE t (id int)",
        'SET CONSTRAINTS "c" IMMEDIATE; ALTER TABLE t DROP CONSTRAINT "c"',
        "SELECT setval('t_id_seq', 7)", 'UPDATE "media_blob" SET size = 1', "DO $$ BEGIN END $$",
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_what_changes_it_is_kept(statement):
    assert heard(statement) == [statement]


@pytest.mark.django_db
def test_parameters_are_filled_in():
    assert heard("UPDATE t SET a = %s, b = '%%'", ["it's"]) == ["UPDATE t SET a = 'it''s', b = '%'"]


def migration(*operations, atomic=True):
    made = migrations.Migration("0001", "marks")
    made.operations, made.atomic = list(operations), atomic
    return made


def forward(apps, schema_editor):
    """Changes rows."""


PYTHON = migrations.RunPython(forward)
NOTHING = migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)
BATCHES = BackfillInBatches(name="b", model="workspacemark", update={})


@pytest.mark.parametrize(
    ("made", "mode"),
    [
        (migration(), Mode.REPLAY),
        (migration(migrations.RunSQL("ALTER …")), Mode.REPLAY),
        (migration(NOTHING), Mode.REPLAY),
        (migration(atomic=False), Mode.CONCURRENT),
        (migration(PYTHON, atomic=False), Mode.PYTHON),
        (migration(migrations.SeparateDatabaseAndState([PYTHON])), Mode.PYTHON),
        (migration(migrations.SeparateDatabaseAndState(None, [PYTHON])), Mode.REPLAY),
        (migration(BATCHES), Mode.PYTHON),
    ],
)
def test_a_migrations_mode_follows_from_its_operations(made, mode):
    assert listening.mode_of(made, []) == mode


def test_an_empty_schema_is_built_in_one_transaction():
    made = listening.for_empty(
        ["CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)", "SELECT 'CONCURRENTLY'"]
    )
    assert made == ["CREATE UNIQUE INDEX i ON t (a)", "SELECT 'CONCURRENTLY'"]
