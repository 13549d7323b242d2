"""Roles and functions that let the application build, claim and drop schemas, and nothing more."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connections, transaction
from psycopg import sql

from apps.core.postgresql import roles
from apps.fleet.models import Schema, SchemaStep, SchemaVersion

FILES = ("functions.sql", "structure.sql", "rights.sql")
FOLDER = Path(__file__).resolve().parents[1] / "sql"
TURN = "SELECT pg_advisory_xact_lock(hashtextextended('fleet.install', 815))"
# What build_schema runs as the owner comes from here: nobody else may write it.
READ_ONLY = (SchemaVersion, SchemaStep, Schema)


def install(*, using: str) -> bool:
    """Bring roles, rights and functions up to date; False when they were.

    Run as the owner, after the migrations of public. All of it or nothing, one at a time.
    """
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(TURN)
        text = _functions(cursor)
        stamp = hashlib.sha256(text.encode()).hexdigest()
        roles.install(using=using)
        _protect(cursor)
        if _stamp(cursor) == stamp:
            return False
        cursor.execute("CREATE SCHEMA IF NOT EXISTS fleet")
        cursor.execute(text)
        cursor.execute(sql.SQL("COMMENT ON SCHEMA fleet IS {}").format(sql.Literal(stamp)))
    return True


def are_installed(*, using: str) -> bool:
    """Whether the functions in the database are this code's; anybody may ask."""
    with connections[using].cursor() as cursor:
        text = _functions(cursor)
        return _stamp(cursor) == hashlib.sha256(text.encode()).hexdigest()


def admit(*, schema_name: str, using: str) -> None:
    """Give a schema's own role its rights in it; safe to run again."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT fleet.admit(%s)", [schema_name])


def _functions(cursor: Any) -> str:
    application = roles.application_role()
    names = {
        "prefix": settings.DATABASE_ROLE_PREFIX,
        "application": application,
        "application_identifier": sql.Identifier(application).as_string(cursor.connection),
        "tenants": apps.get_model(settings.TENANT_MODEL)._meta.db_table,
    }
    text = "".join((FOLDER / name).read_text() for name in FILES)
    for name, value in names.items():
        text = text.replace(f"@{name}@", value)
    return text


def _stamp(cursor: Any) -> str | None:
    cursor.execute(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = 'fleet'"
    )
    row = cursor.fetchone()
    return row[0] if row else None


def _protect(cursor: Any) -> None:
    for model in READ_ONLY:
        cursor.execute(
            sql.SQL("REVOKE INSERT, UPDATE, DELETE ON public.{} FROM {}").format(
                sql.Identifier(model._meta.db_table), sql.Identifier(roles.shared_role())
            )
        )
