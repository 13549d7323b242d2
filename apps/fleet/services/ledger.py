"""Schemas that stand in the database and not in the ledger: made before there was one, or
restored from elsewhere.
"""

from __future__ import annotations

from django.conf import settings
from django.db import connections, transaction
from psycopg import sql

from apps.fleet.models import Schema, SchemaVersion
from apps.fleet.services import grants, recordings
from apps.fleet.services.fingerprints import Key, fingerprint

NOTES = "django_migrations"
UNKNOWN = r"""
SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname ~ '^w_[a-z0-9_]+$'
  AND NOT EXISTS (SELECT FROM public.fleet_schema WHERE name = nspname))
"""
STRANGERS = r"""
SELECT nspname FROM pg_namespace
WHERE nspname ~ '^w_[a-z0-9_]+$'
  AND to_regclass(format('%I.django_migrations', nspname)) IS NOT NULL
  AND NOT EXISTS (SELECT FROM public.fleet_schema WHERE name = nspname)
ORDER BY 1
"""
# Roles belong to the server: a dump restored on another, or without rights, has schemas that
# nobody may enter.
CLOSED = """
SELECT name FROM public.fleet_schema JOIN pg_namespace AS place ON nspname = name
LEFT JOIN pg_roles AS own ON rolname = %s || name
WHERE kind = 'workspace'
  AND (own.oid IS NULL OR NOT has_schema_privilege(own.oid, place.oid, 'USAGE'))
ORDER BY 1
"""


def is_complete(*, using: str) -> bool:
    """Whether it knows every schema that has a workspace's name, and each is open to its
    role; the application may ask too.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(UNKNOWN)
        known = not cursor.fetchone()[0]
        cursor.execute(CLOSED, [settings.DATABASE_ROLE_PREFIX])
        return known and cursor.fetchone() is None


def adopt(*, using: str) -> list[str]:
    """Enter them at the version whose migrations they have; returns their names."""
    with connections[using].cursor() as cursor:
        cursor.execute(STRANGERS)
        names = [name for (name,) in cursor.fetchall()]
    for name in names:
        version = _version_of(applied(schema_name=name, using=using), using)
        with transaction.atomic(using=using):
            grants.admit(schema_name=name, using=using)
            Schema.objects.using(using).get_or_create(
                name=name, defaults={"kind": Schema.Kind.WORKSPACE, "version": version}
            )
    return names


def open_closed(*, using: str) -> list[str]:
    """Give schemas of the ledger their roles and rights again; returns the names of those."""
    with connections[using].cursor() as cursor:
        cursor.execute(CLOSED, [settings.DATABASE_ROLE_PREFIX])
        names = [name for (name,) in cursor.fetchall()]
    for name in names:
        grants.admit(schema_name=name, using=using)
    return names


def applied(*, schema_name: str, using: str) -> list[Key]:
    """What the schema itself says was applied to it, in order; nothing without such a table."""
    query = sql.SQL("SELECT app, name FROM {}.django_migrations ORDER BY id")
    exists = "SELECT to_regclass(format('%%I.django_migrations', %s::text))"
    with connections[using].cursor() as cursor:
        cursor.execute(exists, [schema_name])
        if cursor.fetchone()[0] is None:
            return []
        cursor.execute(query.format(sql.Identifier(schema_name)))
        return list(cursor.fetchall())


def _version_of(found: list[Key], using: str) -> SchemaVersion:
    """The version with exactly these migrations; recorded now when there is none."""
    for version in SchemaVersion.objects.using(using).light():
        if {tuple(key) for key in version.migrations} == set(found):
            return version
    fresh = recordings.record(fingerprint=fingerprint(found), only=set(found), using=using)
    fresh.save(using=using)
    return fresh
