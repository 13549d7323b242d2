"""Expand and contract, enforced: while a new release goes out the old one still runs, on the new
schema. Every model of the last two releases is written, read, changed and deleted on it.
"""

from __future__ import annotations

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django_tenants.utils import schema_context

from apps.fleet.services import linting, releases
from apps.fleet.services.ownership import as_owner
from tests.verification.fleet import old_code

pytestmark = pytest.mark.django_db(databases="__all__")
RELEASES = releases.all_releases()[: linting.RELEASES_KEPT]


def place_of(model):
    """The schema the model's table stands in, of a workspace or the shared one."""
    config = apps.get_app_config(model._meta.app_label)
    return schema_context("w_alpha" if config.name in settings.TENANT_APPS else "public")


def use_all(release):
    problems = []
    for model in old_code.models_of(release):
        with place_of(model):
            problems += old_code.use(model)
    return problems


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)
def test_the_releases_before_work_on_the_new_schema(release):
    assert use_all(release) == []


def test_all_of_a_release_is_used():
    used = {model._meta.db_table for model in old_code.models_of(RELEASES[-1])}
    ledger = {table for table in RELEASES[-1].tables if table.startswith("fleet_")}
    assert used == set(RELEASES[-1].tables) - ledger
    assert "roblox_release" in used


def test_this_release_will_be_able_to_be_the_one_before(tmp_path, monkeypatch):
    monkeypatch.setattr(releases, "FOLDER", tmp_path)
    releases.write(name="1.0.0")
    assert use_all(releases.latest()) == []


def problems_after(change, table="roblox_experience"):
    """What an old release's model meets on a schema that was changed in this way."""
    model = next(m for m in old_code.models_of(RELEASES[-1]) if m._meta.db_table == table)
    with as_owner() as connection, place_of(model), transaction.atomic():
        with connection.schema_editor() as editor:
            change(editor, model)
        found = old_code.use(model)
        transaction.set_rollback(True)
    return found


def new_field(kind, **about):
    def add(editor, model):
        field = kind(**about)
        field.set_attributes_from_name("new")
        field.model = model
        editor.add_field(model, field)

    return add


def sql(text):
    return lambda editor, _model: editor.execute(text)


@pytest.mark.parametrize(
    "change",
    [
        new_field(models.TextField, null=True),
        new_field(models.IntegerField, db_default=1),
        sql("ALTER TABLE roblox_experience ALTER name DROP NOT NULL"),
        sql("ALTER TABLE roblox_experience ALTER name TYPE text"),
        sql("CREATE TABLE roblox_visit (id bigint PRIMARY KEY)"),
    ],
)
def test_what_expands_is_no_problem(change):
    assert problems_after(change) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (new_field(models.IntegerField, default=1), 'null value in column "new"'),
        (sql("ALTER TABLE roblox_experience ADD new text NOT NULL"), 'null value in column "new"'),
        (sql("ALTER TABLE roblox_experience RENAME name TO title"), 'column "name" of relation'),
        (sql("ALTER TABLE roblox_experience DROP COLUMN name"), 'column "name" of relation'),
        (sql("ALTER TABLE roblox_experience ALTER name TYPE int USING 1"), "type integer"),
        (sql("ALTER TABLE roblox_experience RENAME TO games"), "does not exist"),
    ],
)
def test_what_contracts_too_early_is_found(change, problem):
    found = problems_after(change)
    assert len(found) == 2
    assert all(problem in text for text in found)
