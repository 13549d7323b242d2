"""Building and dropping schemas, through functions that run as their owner.

The application owns nothing and has no DDL of its own (apps/fleet/sql/functions.sql). Each
call is one transaction with the schema, its role, its rights and its line in the ledger.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, connection, transaction
from django_tenants.utils import schema_context
from psycopg.errors import ObjectInUse

from apps.fleet.errors import SchemaInUse
from apps.fleet.models import Schema, SchemaVersion
from apps.fleet.services import versions

Report = Callable[[int, str], None]


def ignore(_percent: int, _text: str) -> None:
    """A report for those who want none."""


def build(*, schema_name: str, report: Report = ignore) -> Schema:
    """Make a workspace's schema out of recorded statements, unless it is there.

    `report` receives percent and a line for people. Raises `SchemasBehind` when the code is
    newer than what the database was brought up to.
    """
    present = find(schema_name=schema_name)
    if present is not None:
        return present
    version = versions.required()
    report(20, f"{len(version.structure)} tables")
    with schema_context("public"), transaction.atomic():
        call("build_schema", schema_name, version.pk)
        built = Schema.objects.get(name=schema_name)
    report(90, "rights")
    return built


def prepare(*, version: SchemaVersion) -> str:
    """Build a schema for a customer who is yet to come; returns its name."""
    name = f"prepared_{secrets.token_hex(8)}"
    with schema_context("public"):
        call("build_schema", name, version.pk)
    return name


def drop(*, schema_name: str) -> bool:
    """Remove the schema with everything in it, its role and its line in the ledger; False when
    there was none. Raises `SchemaInUse` while a workspace that is not being purged has it.
    """
    try:
        with schema_context("public"), transaction.atomic():
            return bool(call("drop_schema", schema_name))
    except DatabaseError as error:
        if isinstance(error.__cause__, ObjectInUse):
            raise SchemaInUse(f"{schema_name} is in use; close its workspace first.") from error
        raise


def find(*, schema_name: str) -> Schema | None:
    """The workspace schema of this name, as the ledger knows it."""
    with schema_context("public"):
        return Schema.objects.workspaces().filter(name=schema_name).first()


def call(function: str, *arguments: Any) -> Any:
    """The answer of one of the fleet's functions in the database."""
    places = ", ".join(["%s"] * len(arguments))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT fleet.{function}({places})", arguments)
        return cursor.fetchone()[0]
