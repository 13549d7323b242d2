"""A fleet of small workspaces, and releases that bring it new migrations."""

from __future__ import annotations

import itertools
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
from django.db import connection, connections

from apps import marks
from apps.fleet.models import Rollout, RolloutItem, Schema
from apps.fleet.services import owner, versions

HEAD = """
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("marks", {before!r})]
"""
_numbers = itertools.count()


class Fleet:
    """Schemas w_fleet_00 … at the version of the code, and the code's next releases."""

    def __init__(self, folder: Any, settings: Any) -> None:
        self._settings, self._package = settings, f"release_{next(_numbers)}"
        self._folder = folder / self._package
        shutil.copytree(Path(marks.__file__).parent / "migrations", self._folder)
        self._last = max(path.stem for path in self._folder.glob("0*.py"))
        # One small app in place of all: recording its versions takes no time.
        settings.TENANT_APPS = ["apps.marks"]
        with owner.session():
            self.origin = versions.bring_up(using="default")

    def grow(self, number: int) -> list[str]:
        names = [f"w_fleet_{index:02}" for index in range(number)]
        with owner.session(), connection.cursor() as cursor:
            for name in names:
                cursor.execute("SELECT fleet.build_schema(%s, %s)", [name, self.origin.pk])
        return names

    def release(self, name: str, body: str) -> None:
        """Put a migration of the app `marks` into the code; `body` is the inside of its class."""
        text = HEAD.format(before=self._last) + indent(dedent(body), "    ")
        (self._folder / f"{name}.py").write_text(text)
        self._settings.MIGRATION_MODULES = {
            **self._settings.MIGRATION_MODULES, "marks": self._package,
        }  # fmt: skip
        self._last = name
        for module in [each for each in sys.modules if each.startswith(self._package)]:
            del sys.modules[module]

    def withdraw(self, name: str) -> None:
        """Take the last migration out of the code again."""
        (self._folder / f"{name}.py").unlink()
        self._last = max(path.stem for path in self._folder.glob("0*.py"))

    def versions(self) -> dict[str, int]:
        return dict(Schema.objects.values_list("name", "version"))

    def columns(self, name: str) -> set[str]:
        with owner.session():
            rows = owner.raw().execute(
                "SELECT attname FROM pg_attribute WHERE attrelid ="
                " format('%%I.marks_workspacemark', %s::text)::regclass AND attnum > 0"
                " AND NOT attisdropped",
                [name],
            )
            return {column for (column,) in rows}


ADD_COLOUR = """
operations = [
    migrations.AddField("workspacemark", "colour", models.CharField(max_length=9, db_default="")),
]
"""


BROKEN_IN_ONE = """
operations = [
    migrations.AddField("workspacemark", "mood", models.CharField(max_length=9, db_default="sad")),
    migrations.RunSQL(
        "DO $$ BEGIN IF EXISTS (SELECT FROM marks_workspacemark WHERE schema_name = 'sad')"
        " THEN RAISE EXCEPTION 'too sad'; END IF; END $$",
        "SELECT 1",
    ),
]
"""


def fail_in(*names: str) -> str:
    """The body of a migration that fails in these schemas, after it has added a column."""
    with owner.session():
        for name in names:
            insert = f"INSERT INTO {name}.marks_workspacemark VALUES (1, 'sad', now())"  # noqa: S608
            owner.raw().execute(insert.encode())
    return BROKEN_IN_ONE


# A new copy of the database after each test would take longer than the tests.
ASIDE = """
CREATE TABLE aside AS SELECT * FROM fleet_schema;
DELETE FROM fleet_schema;
DO $$ DECLARE space text; BEGIN
  FOR space IN SELECT name FROM aside LOOP
    EXECUTE format('ALTER SCHEMA %I RENAME TO %I', space, 'aside_' || space);
  END LOOP;
END $$
"""
BACK = """
DELETE FROM fleet_rollout; DELETE FROM fleet_backfill;
DELETE FROM audit_auditentry WHERE action LIKE 'fleet.%';
DELETE FROM django_migrations WHERE app = 'marks' AND name NOT LIKE '0001%';
DO $$ DECLARE space text; BEGIN
  FOR space IN SELECT name FROM fleet_schema LOOP
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', space);
  END LOOP;
  FOR space IN SELECT name FROM aside LOOP
    EXECUTE format('ALTER SCHEMA %I RENAME TO %I', 'aside_' || space, space);
  END LOOP;
END $$;
DELETE FROM fleet_schema; INSERT INTO fleet_schema SELECT * FROM aside; DROP TABLE aside;
DELETE FROM fleet_schemastep;
DELETE FROM fleet_schemaversion v WHERE NOT EXISTS (
  SELECT FROM fleet_schema WHERE version_id = v.id)
"""


@pytest.fixture
def fleet(django_db_setup, django_db_blocker, tmp_path, settings, monkeypatch) -> Iterator[Fleet]:
    """The only workspaces for as long as the test runs, with real commits."""
    monkeypatch.syspath_prepend(tmp_path)
    with django_db_blocker.unblock():
        with owner.session():
            Rollout.objects.all().delete()
            owner.raw().execute(ASIDE.encode())
        try:
            yield Fleet(tmp_path, settings)
        finally:
            with owner.session():
                RolloutItem.objects.all().delete()
                owner.raw().execute(BACK.encode())
            connections.close_all()


@pytest.fixture
def quick() -> Callable[..., Any]:
    """A course that waits for nobody."""
    from apps.fleet.services.courses import Course

    def make(**changes: Any) -> Course:
        return Course(**{"lock_timeout": 0.1, "attempts": 1, **changes})

    return make
