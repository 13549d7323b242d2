"""A new database made of the recording is the one that Django's own executor makes."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import connection

from apps.core.postgresql.workspace import PUBLIC, within
from apps.fleet.services import grants, owner, shared, snapshot_recordings, snapshots, structures
from apps.fleet.services.ownership import as_owner, run
from tests.factories.fleet import ADD_COLOUR

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
COLUMNS = """
SELECT table_name, column_name, ordinal_position FROM information_schema.columns
WHERE table_schema = 'public' ORDER BY 1, 3
"""
NOTED = "SELECT app, name FROM django_migrations ORDER BY 1, 2"


@contextmanager
def new_database():
    """Everything inside is done as the owner of an empty database."""
    name = f"{settings.DATABASES['default']['NAME']}_new"
    with as_owner() as server:
        run(server, "CREATE DATABASE {name}", name=name)
    try:
        with as_owner(database=name), within(PUBLIC):
            yield
    finally:
        with as_owner() as server:
            run(server, "DROP DATABASE {name}", name=name)


def query(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def describe():
    """Its structure, the order of columns, all rows but what is noted when, what was applied."""
    grants.install(using="default")
    structure, _ = structures.read(connection, schema_name="public")
    tables = [name for (name,) in query(TABLES) if name not in snapshot_recordings.NOTES]
    rows = {name: sorted(map(str, query(f'SELECT * FROM "{name}"'))) for name in tables}  # noqa: S608
    for named in ("auth_permission", "django_content_type"):  # numbered as they come
        rows[named] = len(rows[named])
    return structure, query(COLUMNS), rows, query(NOTED)


@pytest.fixture(scope="module")
def made_by_django(django_db_setup, django_db_blocker):
    """What its executor was heard to send, and what came of it."""
    recording = snapshot_recordings._scratch_database()
    with django_db_blocker.unblock(), recording as connection:
        return snapshot_recordings._listen(connection), describe()


def test_the_recording_is_what_django_sends(made_by_django):
    """When it fails: `make recording`, and commit what it writes."""
    assert snapshots.read() == made_by_django[0]


def test_the_recording_makes_the_same_tables_rows_and_notes(made_by_django):
    with new_database():
        applied = shared.migrate()
        made = describe()
    assert made == made_by_django[1]
    assert applied["djstripe"] == 1


def test_what_came_after_the_recording_is_applied_by_django(made_by_django, monkeypatch, tmp_path):
    older = tmp_path / "public.sql"
    headings = list(snapshots.HEADING.finditer(snapshots.PATH.read_text()))
    older.write_text(snapshots.PATH.read_text()[: headings[-5].start()])
    monkeypatch.setattr(snapshots, "PATH", older)
    with new_database():
        shared.migrate()
        assert describe() == made_by_django[1]


def test_a_database_with_tables_is_never_laid_anew(monkeypatch, release):
    monkeypatch.setattr(snapshots, "lay", lambda _: pytest.fail("it has tables"))
    release("0002_colour", ADD_COLOUR)
    with owner.session():
        shared.migrate()
        assert not shared.missing()
