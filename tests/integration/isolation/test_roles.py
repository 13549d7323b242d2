"""What the server itself refuses, whatever the product should ask of it."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from django_tenants.utils import schema_context

pytestmark = pytest.mark.django_db
OWNED = """
SELECT classid::regclass::text, objid FROM pg_shdepend JOIN pg_roles r ON r.oid = refobjid
WHERE refclassid = 'pg_authid'::regclass AND deptype = 'o' AND rolname = session_user
"""
POWERS = """
SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
FROM pg_roles WHERE rolname = session_user
"""
# Who may act as a workspace's role, and whether that gives its rights without asking.
MEMBERS = """
SELECT w.rolname, m.rolname, inherit_option, admin_option FROM pg_auth_members
JOIN pg_roles w ON w.oid = roleid JOIN pg_roles m ON m.oid = member
WHERE w.rolname LIKE %s
"""


def ask(statement: str, *values: object, schema: str = "public") -> list[tuple]:
    with schema_context(schema), connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall()


def refusal(statement: str, schema: str = "public") -> str:
    """What the server says to `statement` in that workspace."""
    with pytest.raises(ProgrammingError) as refused, transaction.atomic():
        ask(statement, schema=schema)
    return str(refused.value)


def test_the_application_owns_nothing():
    assert ask(OWNED) == []


def test_the_application_has_no_powers_of_its_own():
    assert ask(POWERS) == [(False,) * 5]


def test_the_application_is_not_the_owner(alpha):
    owner = settings.DATABASES["owner"]["USER"]
    assert "permission denied to set role" in refusal(f'SET ROLE "{owner}"')
    assert "permission denied to set role" in refusal(f'SET ROLE "{owner}"', alpha.schema_name)


@pytest.mark.parametrize("where", ["public", "w_alpha", "w_beta"])
@pytest.mark.parametrize("inside", ["public", "w_alpha"])
def test_nobody_makes_tables(alpha, beta, where, inside):
    assert "permission denied" in refusal(f'CREATE TABLE "{where}".stray (id int)', inside)


@pytest.mark.parametrize("inside", ["public", "w_alpha"])
def test_nobody_makes_or_drops_schemas(alpha, inside):
    assert "permission denied for database" in refusal("CREATE SCHEMA stray", inside)
    assert "must be owner" in refusal("DROP SCHEMA w_alpha CASCADE", inside)
    assert "must be owner" in refusal("DROP TABLE public.tenants_tenant", inside)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM w_beta.roblox_experience",
        "SELECT count(*) FROM roblox_experience, w_beta.roblox_experience AS b",
        "DELETE FROM w_beta.roblox_experience",
        "UPDATE w_beta.roblox_experience SET name = ''",
        "TRUNCATE w_beta.roblox_experience",
        "INSERT INTO w_beta.media_blob SELECT * FROM w_alpha.media_blob",
        "COPY w_beta.roblox_experience TO STDOUT",
        "LOCK TABLE w_beta.roblox_experience",
        "SELECT * FROM pg_catalog.pg_authid",
    ],
)
def test_a_neighbours_table_is_refused(alpha, beta, statement):
    assert "permission denied" in refusal(statement, "w_alpha")


def test_outside_of_workspaces_none_is_open(alpha):
    assert "permission denied" in refusal("SELECT * FROM w_alpha.roblox_experience")


def test_a_workspaces_own_rows_are_open_to_it(alpha):
    assert ask("SELECT * FROM w_alpha.roblox_experience", schema="w_alpha") == []
    assert ask("SELECT current_user", schema="w_alpha") == [
        (f"{settings.DATABASE_ROLE_PREFIX}w_alpha",)
    ]


def test_workspace_roles_are_the_applications_to_become_and_no_more(alpha, beta):
    prefix = f"{settings.DATABASE_ROLE_PREFIX}w\\_%"
    application = settings.DATABASES["default"]["USER"]
    owner = settings.DATABASES["owner"]["USER"]
    found = [row for row in ask(MEMBERS, prefix) if row[1] != owner]
    assert {(member, inherits, admin) for _, member, inherits, admin in found} == {
        (application, False, False)
    }


def test_a_message_that_names_no_workspace_finds_no_table():
    with connection.bare(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path TO DEFAULT")
        cursor.execute("SELECT to_regclass('tenants_tenant')")
        assert cursor.fetchone() == (None,)
