"""Who may touch what in the database.

| role | has |
|---|---|
| the owner (DATABASE_OWNER_URL) | owns every schema and table; migrations alone use it |
| the application (DATABASE_URL) | rows of public; may become any workspace's role; owns nothing |
| `<prefix>public` | rows of public, for the application and all workspaces to inherit |
| `<prefix>w_lincoln` | the same, and the rows of that one schema |

Becoming a workspace's role (`SET LOCAL ROLE`) is what lets a query see the workspace; it
inherits nothing from another's, so that a neighbour's table is refused by the server itself
(https://www.postgresql.org/docs/current/role-membership.html).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connections
from psycopg import sql

ROWS = "SELECT, INSERT, UPDATE, DELETE"


def role_of(schema_name: str) -> str:
    """The database role that may touch this schema and no other workspace's."""
    return f"{settings.DATABASE_ROLE_PREFIX}{schema_name}"


def shared_role() -> str:
    """The role whose rights on the public schema everybody inherits."""
    return role_of("public")


def application_role() -> str:
    """Whom web and workers connect as."""
    return str(settings.DATABASES["default"]["USER"])


def install(*, using: str) -> None:
    """Give the application and the workspaces their rights on public; safe to run again.

    Run it as the owner after every migration of public: it covers tables that are there, and
    by default privileges those that come.
    """
    app, shared = application_role(), shared_role()
    with connections[using].cursor() as cursor:
        create(shared, cursor=cursor)
        cursor.execute("SELECT current_user")
        if cursor.fetchone()[0] != app:
            _run(cursor, "GRANT {shared} TO {app} WITH INHERIT TRUE", shared=shared, app=app)
            # A message that names no workspace finds no table at all.
            _run(cursor, "ALTER ROLE {app} SET search_path = ''", app=app)
            # A temporary table would hide one of that name from whoever has this session next.
            database = str(connections[using].settings_dict["NAME"])
            _run(cursor, "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC", database=database)
        grant_rows(schema_name="public", role=shared, cursor=cursor)


def create(role: str, *, cursor: Any) -> None:
    """A role that nobody signs in as, unless it is there: roles belong to the server, and another
    database on it may have made the one of this name already, even in this very moment.
    """
    statement = sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role))
    cursor.execute(
        sql.SQL(
            "DO $do$ BEGIN {}; "
            "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $do$"
        ).format(statement)
    )


def grant_rows(*, schema_name: str, role: str, cursor: Any) -> None:
    for statement in (
        "GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT {ROWS} ON ALL TABLES IN SCHEMA {{schema}} TO {{role}}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {{schema}} GRANT {ROWS} ON TABLES TO {{role}}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {role}",
    ):
        _run(cursor, statement, schema=schema_name, role=role)


def _run(cursor: Any, statement: str, **names: str) -> None:
    identifiers = {key: sql.Identifier(name) for key, name in names.items()}
    cursor.execute(sql.SQL(statement).format(**identifiers))
