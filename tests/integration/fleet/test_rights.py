"""What the application's own role cannot do, whatever SQL it is made to send."""

from __future__ import annotations

import pytest
from django.db import ProgrammingError, connection, transaction
from django_tenants.utils import schema_context
from psycopg import sql

from apps.fleet.models import Schema, SchemaVersion
from apps.fleet.services import pool

pytestmark = pytest.mark.django_db(databases="__all__")


def refused(statement):
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    return True


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE SCHEMA w_mine",
        "ALTER SCHEMA w_alpha RENAME TO w_mine",
        "DROP SCHEMA w_alpha CASCADE",
        # What is built as the owner comes out of these tables.
        "UPDATE fleet_schemaversion SET ddl = 'DROP SCHEMA w_beta CASCADE'",
        "INSERT INTO fleet_schemastep SELECT * FROM fleet_schemastep",
        "UPDATE fleet_schema SET kind = 'prepared'",
        "DELETE FROM fleet_schema",
        "SELECT fleet.admit('w_beta')",
        "CREATE FUNCTION public.role_of(text) RETURNS text LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_the_application_changes_no_structure(statement):
    assert refused(statement)


@pytest.mark.parametrize(
    "statement",
    ["SELECT fleet.drop_schema('w_beta')", "SELECT fleet.build_schema('w_new', 1)",
     "SELECT fleet.claim_schema('w_new', 1)", "SELECT * FROM w_beta.media_blob"],
)  # fmt: skip
def test_inside_a_workspace_not_even_that(alpha, statement):
    with alpha:
        assert refused(statement)


def test_a_claimed_schema_is_its_own_workspaces_alone(settings):
    settings.FLEET_POOL_SIZE = 1
    pool.refill()
    pool.claim(schema_name="w_new")
    with schema_context("w_new"):
        assert refused("SELECT * FROM w_alpha.media_blob")
    with schema_context("w_alpha"):
        assert refused("SELECT * FROM w_new.media_blob")
    with schema_context("w_new"), connection.cursor() as cursor:
        cursor.execute("INSERT INTO marks_workspacemark VALUES (1, 'w_new', now())")


def test_nobody_is_let_into_a_prepared_one(settings):
    settings.FLEET_POOL_SIZE = 1
    pool.refill()
    name = Schema.objects.prepared().get().name
    assert refused(sql.SQL("SELECT * FROM {}.media_blob").format(sql.Identifier(name)))


def test_a_temporary_table_is_not_mistaken_for_the_fleets():
    version = SchemaVersion.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE fleet_schemaversion (id int, ddl text)")
        cursor.execute("INSERT INTO pg_temp.fleet_schemaversion VALUES (%s, 'boom')", [version.pk])
        cursor.execute("SELECT fleet.build_schema('w_new', %s)", [version.pk])
        cursor.execute("DROP TABLE pg_temp.fleet_schemaversion")
    assert Schema.objects.get(name="w_new").version == version
