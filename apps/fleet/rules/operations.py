"""Goes through migrations one operation after another, with the models as they are before each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import sqlparse
from django.contrib.postgres import operations as postgresql
from django.db import migrations
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from apps.fleet import operations as own
from apps.fleet.rules import fields, python, statements, tables
from apps.fleet.rules.fields import Findings
from apps.fleet.rules.findings import Finding
from apps.fleet.rules.site import Known, Site
from apps.fleet.rules.statements import Statement

Rule = Callable[[Site], Findings]


def check(
    migration: Migration, state: ProjectState, known: Known
) -> tuple[list[Finding], ProjectState, list[Statement]]:
    """What the rules say of a migration, the models after it, and the SQL its author wrote."""
    found: list[Finding] = []
    written: list[Statement] = []
    for operation in migration.operations:
        site = Site(migration, operation, state, known)
        found += _check_one(site, written)
        state = _after(site)
    return found, state, written


def is_known(operation: Operation) -> bool:
    """Whether a rule understands it; the SQL of any other is looked at when it is recorded."""
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        return all(is_known(inner) for inner in operation.database_operations)
    return type(operation) in RULES or type(operation) in HARMLESS


def _check_one(site: Site, written: list[Statement]) -> Iterator[Finding]:
    operation: Any = site.operation
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        yield from _check_separate(site, written)
    elif isinstance(operation, migrations.RunSQL):
        yield from _check_sql(site, written)
    elif rule := _rule_of(operation):
        yield from rule(site)


def _rule_of(operation: Operation) -> Rule | None:
    return next((RULES[kind] for kind in type(operation).__mro__ if kind in RULES), None)


def _check_separate(site: Site, written: list[Statement]) -> Iterator[Finding]:
    separate = cast(migrations.SeparateDatabaseAndState, site.operation)
    inner = site
    for operation in separate.database_operations:
        inner = site.at(operation, inner.before)
        yield from _check_one(inner, written)
        inner = site.at(operation, _after(inner))
    for operation in separate.state_operations:
        if isinstance(operation, migrations.RemoveField) and not separate.database_operations:
            yield from fields.forget_field(site.at(operation, site.before))


def _check_sql(site: Site, written: list[Statement]) -> Iterator[Finding]:
    operation = cast(migrations.RunSQL, site.operation)
    texts = [statements.short(text) for text in _statements(operation.sql)]
    if operation.reverse_sql is None:
        yield site.finding("irreversible", what=f"RunSQL({texts[0] if texts else ''})", table="")
    for text in _statements(operation.sql):
        statement = Statement(site.key, text, bool(site.migration.atomic), site.known)
        written.append(statement)
        yield from statements.check(statement)


def _statements(sql: Any) -> list[str]:
    if isinstance(sql, str):
        return [text for text in sqlparse.split(sql) if text.strip(" ;\n")]
    return [text if isinstance(text, str) else text[0] for text in sql]


def _after(site: Site) -> ProjectState:
    state = site.before.clone()
    site.operation.state_forwards(site.app_label, state)
    return state


RULES: dict[type[Operation], Rule] = {
    migrations.AddConstraint: tables.add_constraint,
    migrations.AddField: fields.add_field,
    migrations.AddIndex: tables.add_index,
    migrations.AlterField: fields.alter_field,
    migrations.AlterIndexTogether: tables.together,
    migrations.AlterModelTable: tables.alter_table,
    migrations.AlterOrderWithRespectTo: fields.order_with_respect_to,
    migrations.AlterUniqueTogether: tables.together,
    migrations.CreateModel: tables.create_model,
    migrations.DeleteModel: tables.delete_model,
    migrations.RemoveField: fields.remove_field,
    migrations.RenameField: fields.rename_field,
    migrations.RenameModel: tables.rename_model,
    migrations.RunPython: python.run_python,
    migrations.RunSQL: lambda _site: iter(()),
    own.AddForeignKey: tables.outside_a_transaction,
    own.AddNotNull: fields.add_not_null,
    own.AddUniqueConcurrently: tables.outside_a_transaction,
    own.BackfillInBatches: python.backfill,
    postgresql.AddConstraintNotValid: tables.add_constraint,
    postgresql.AddIndexConcurrently: tables.outside_a_transaction,
    postgresql.RemoveIndexConcurrently: tables.outside_a_transaction,
    postgresql.ValidateConstraint: tables.validate_constraint,
}
HARMLESS = {
    migrations.AlterModelManagers,
    migrations.AlterModelOptions,
    migrations.AlterModelTableComment,
    migrations.RemoveConstraint,
    migrations.RemoveIndex,
    migrations.RenameIndex,
}
