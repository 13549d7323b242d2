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
INSTALLED = """
SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'fleet'
  AND obj_description(oid, 'pg_namespace') = %(stamp)s
  AND has_schema_privilege(%(app)s, oid, 'USAGE')
  AND has_table_privilege(%(app)s, to_regclass('public.fleet_schema'), 'SELECT')
  AND has_function_privilege(%(app)s, to_regprocedure('fleet.claim_schema(text, int8)'), 'EXECUTE')
  AND (pg_get_userbyid(nspowner) = %(app)s
    OR NOT has_table_privilege(%(app)s, to_regclass('public.fleet_schemaversion'), 'UPDATE')))
"""
# What build_schema runs as the owner comes from here: nobody else may write it.
READ_ONLY = (SchemaVersion, SchemaStep, Schema)


def install(*, using: str) -> bool:
    """Bring roles, rights and functions up to date; False when they were.

    Run as the owner, after the migrations of public. All of it or nothing, one at a time.
    """
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(TURN)
        text = _functions(cursor)
        if _are_installed(cursor, text):
            return False
        roles.install(using=using)
        _protect(cursor)
        cursor.execute("CREATE SCHEMA IF NOT EXISTS fleet")
        cursor.execute(text)
        cursor.execute(sql.SQL("COMMENT ON SCHEMA fleet IS {}").format(sql.Literal(_hash(text))))
    return True


def are_installed(*, using: str) -> bool:
    """Whether the functions in the database are this code's, with their rights; anybody may ask."""
    with connections[using].cursor() as cursor:
        return _are_installed(cursor, _functions(cursor))


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


def _are_installed(cursor: Any, text: str) -> bool:
    # The rights too: a dump restored without them has the comment all the same.
    cursor.execute(INSTALLED, {"stamp": _hash(text), "app": roles.application_role()})
    return bool(cursor.fetchone()[0])


def _hash(text: str) -> str:
    protected = [model._meta.db_table for model in READ_ONLY]
    return hashlib.sha256("\n".join([text, *protected]).encode()).hexdigest()


def _protect(cursor: Any) -> None:
    for model in READ_ONLY:
        cursor.execute(
            sql.SQL("REVOKE INSERT, UPDATE, DELETE ON public.{} FROM {}").format(
                sql.Identifier(model._meta.db_table), sql.Identifier(roles.shared_role())
            )
        )
