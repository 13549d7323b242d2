"""Schemas that were changed by hand are found, table by table."""

from __future__ import annotations

import pytest
from django.db import connections

from apps.fleet.models import Schema
from apps.fleet.services import drift, schemas
from apps.fleet.services.ownership import owner_alias
from tests.factories.fleet import run_as_owner

pytestmark = pytest.mark.django_db(databases="__all__")


def lines(name="w_alpha"):
    return {found.schema_name: found.tables for found in drift.report()}.get(name, {})


def test_untouched_schemas_are_not_reported():
    assert list(drift.report()) == []


@pytest.mark.parametrize(
    ("statement", "table", "line"),
    [
        ("ALTER TABLE w_alpha.media_blob DROP COLUMN size", "media_blob",
         "column size is missing (bigint not null)"),
        ("ALTER TABLE w_alpha.media_blob ADD extra int", "media_blob",
         "column extra is not known to the code (integer)"),
        ("ALTER TABLE w_alpha.media_blob ALTER size TYPE int", "media_blob",
         "column size is integer not null, expected bigint not null"),
        ("ALTER TABLE w_alpha.media_blob ALTER size SET DEFAULT 7", "media_blob",
         "column size is bigint not null default 7, expected bigint not null"),
        ("CREATE TABLE w_alpha.stray (id int)", "stray", "is not known to the code"),
        ("CREATE INDEX my ON w_alpha.media_blob (size)", "media_blob",
         "index my is not known to the code (CREATE INDEX my ON media_blob USING btree (size))"),
        ("DELETE FROM w_alpha.django_migrations WHERE name = '0002_blob_scan_detail'",
         "django_migrations", "media.0002_blob_scan_detail is not noted as applied"),
        ("DROP TABLE w_alpha.marks_workspacemark", "marks_workspacemark", "is missing"),
        ("ALTER SCHEMA w_alpha RENAME TO w_other", "(schema)",
         "is in the ledger and not in the database"),
    ],
)  # fmt: skip
def test_each_difference_is_told(statement, table, line):
    run_as_owner(statement)
    assert line in lines()[table]


def test_only_the_named_are_looked_at():
    run_as_owner("CREATE TABLE w_alpha.stray (id int)")
    assert list(drift.report(schema_names=["w_beta"])) == []


def test_the_number_of_queries_does_not_grow(django_assert_num_queries):
    for number in range(6):
        schemas.build(schema_name=f"w_more_{number}")
    Schema.objects.using(owner_alias()).update(updated_at="2026-01-01T00:00Z")
    with django_assert_num_queries(3, connection=connections[owner_alias()]):
        assert list(drift.report()) == []
