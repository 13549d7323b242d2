"""Rules for columns that are added, changed, renamed and removed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django.db import migrations, models

from apps.fleet.rules import columns
from apps.fleet.rules.findings import Finding
from apps.fleet.rules.site import Site

Findings = Iterator[Finding]


def add_field(site: Site) -> Findings:
    operation = cast(migrations.AddField, site.operation)
    field, table = operation.field, site.table
    if site.known.is_new(table):
        return
    if columns.is_many_to_many(field):
        site.known.tables.add(columns.joining_table(table, operation.name, field))
        return
    column = columns.column_of(operation.name, field)
    site.known.columns.add((table, column))
    names = {"field": operation.name, "column": column, "name": f"{table}_{operation.name}"}
    yield from _added_values(site, field, names)
    yield from _indexes(site, field, names)
    if columns.has_check(field):
        yield site.finding("column_check", **names).as_warning()


def _added_values(site: Site, field: models.Field[Any, Any], names: dict[str, str]) -> Findings:
    if columns.is_stored(field):
        yield site.finding("stored_column", **names)
        return
    if columns.is_volatile(field):
        yield site.finding("volatile_default", **names)
    if not field.null and not columns.has_database_default(field):
        yield site.finding("no_database_default", **names)


def _indexes(site: Site, field: models.Field[Any, Any], names: dict[str, str]) -> Findings:
    if field.unique:
        yield site.finding("unique_not_concurrent", **names)
    elif _plain_index(field):
        yield site.finding("index_not_concurrent", **names)
    if getattr(field, "db_constraint", False):
        yield site.finding("foreign_key_not_valid", **names)


def alter_field(site: Site) -> Findings:
    operation = cast(migrations.AlterField, site.operation)
    old, new = site.field(operation.name), operation.field
    if old is None or site.known.is_new(site.table) or columns.is_many_to_many(new):
        return
    column = columns.column_of(operation.name, old)
    names = {"field": operation.name, "column": column, "name": f"{site.table}_{operation.name}"}
    if column != columns.column_of(operation.name, new):
        yield from _renamed(site, names)
    if not _same_type(old, new):
        yield site.finding("type_change", **names)
    if old.null and not new.null:
        yield from tightened(site, names, filled=(site.table, column) in site.known.filled)
    if _loses_default(site, old, new, column):
        yield site.finding("no_database_default", **names)
    yield from _new_indexes(site, old, new, names)
    if columns.has_check(new) and not columns.has_check(old):
        yield site.finding("check_not_valid", **names)


def _loses_default(
    site: Site, old: models.Field[Any, Any], new: models.Field[Any, Any], column: str
) -> bool:
    """Would a release that does not know the column leave it empty now?"""
    lost = columns.has_database_default(old) and not columns.has_database_default(new)
    return lost and not new.null and bool(site.known.lacks(site.table, column))


def tightened(site: Site, names: dict[str, str], *, filled: bool) -> Findings:
    """NULL is allowed no more; `filled`: a validated CHECK has said so before."""
    if not filled:
        yield site.finding("not_null_unchecked", **names)
    if release := site.known.writes_null(site.table, names["column"]):
        yield site.finding("not_null_before_release", release=release, **names)


def add_not_null(site: Site) -> Findings:
    """Our own operation: the recipe, but the release before must write no NULL."""
    operation = cast(migrations.AlterField, site.operation)
    column = columns.column_of(operation.name, operation.field)
    names = {"field": operation.name, "column": column}
    if site.migration.atomic:
        yield site.finding("needs_no_transaction", **names)
    yield from tightened(site, names, filled=True)


def _same_type(old: models.Field[Any, Any], new: models.Field[Any, Any]) -> bool:
    if old.is_relation or new.is_relation:
        return old.is_relation == new.is_relation
    if columns.is_stored(old) != columns.is_stored(new) or old.primary_key != new.primary_key:
        return False
    same_order = getattr(old, "db_collation", None) == getattr(new, "db_collation", None)
    return same_order and columns.is_free_change(columns.type_of(old), columns.type_of(new))


def _new_indexes(
    site: Site, old: models.Field[Any, Any], new: models.Field[Any, Any], names: dict[str, str]
) -> Findings:
    if new.unique and not old.unique:
        yield site.finding("unique_not_concurrent", **names)
    elif _plain_index(new) and not _plain_index(old):
        yield site.finding("index_not_concurrent", **names)
    if getattr(new, "db_constraint", False) and _constraint_of(new) != _constraint_of(old):
        yield site.finding("foreign_key_not_valid", **names)


def _constraint_of(field: models.Field[Any, Any]) -> str:
    """What a foreign key holds the column to; "" for nothing."""
    if not getattr(field, "db_constraint", False):
        return ""
    target = cast(Any, field.remote_field).model
    return (target if isinstance(target, str) else target._meta.label).lower()


def _plain_index(field: models.Field[Any, Any]) -> bool:
    return bool(getattr(field, "db_index", False)) and not field.unique


def rename_field(site: Site) -> Findings:
    operation = cast(migrations.RenameField, site.operation)
    old = site.field(operation.old_name)
    if old is None or old.db_column or columns.is_many_to_many(old):
        return
    column = columns.column_of(operation.old_name, old)
    yield from _renamed(site, {"field": operation.old_name, "column": column})


def _renamed(site: Site, names: dict[str, str]) -> Findings:
    if not site.known.is_new(site.table, names["column"]):
        yield site.finding("rename", **names)


def remove_field(site: Site) -> Findings:
    operation = cast(migrations.RemoveField, site.operation)
    old = site.field(operation.name)
    if old is None:
        return
    table, column = site.table, columns.column_of(operation.name, old)
    if columns.is_many_to_many(old):
        table, column = columns.joining_table(table, operation.name, old), ""
    if site.known.is_new(table, column):
        return
    if release := site.known.uses(table, column):
        names = {"field": operation.name, "column": column or "*", "table": table}
        yield site.finding("drop_too_early", release=f"release {release}", **names)


def forget_field(site: Site) -> Findings:
    """RemoveField in the state alone: the column stays and must take rows without a value."""
    operation = cast(migrations.RemoveField, site.operation)
    old = site.field(operation.name)
    if old is None or columns.is_many_to_many(old) or site.known.is_new(site.table):
        return
    if not old.null and not columns.has_database_default(old):
        column = columns.column_of(operation.name, old)
        yield site.finding("forgotten_not_null", field=operation.name, column=column)


def order_with_respect_to(site: Site) -> Findings:
    operation = cast(migrations.AlterOrderWithRespectTo, site.operation)
    if operation.order_with_respect_to and not site.known.is_new(site.table):
        yield site.finding("no_database_default", field="_order", column="_order")
