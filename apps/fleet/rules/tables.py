"""Rules for tables, their indexes and their constraints."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

from apps.fleet.rules import columns
from apps.fleet.rules.fields import Findings
from apps.fleet.rules.site import Site, named_fields


def create_model(site: Site) -> Findings:
    operation = cast(migrations.CreateModel, site.operation)
    table = operation.options.get("db_table") or f"{site.app_label}_{operation.name.lower()}"
    site.known.tables.add(table)
    for name, field in operation.fields:
        if columns.is_many_to_many(field):
            site.known.tables.add(columns.joining_table(table, name, field))
    return iter(())


def delete_model(site: Site) -> Findings:
    if site.known.is_new(site.table):
        return
    if release := site.known.uses(site.table, ""):
        names = {"release": f"release {release}", "column": "*", "field": "*"}
        yield site.finding("drop_too_early", **names)


def rename_model(site: Site) -> Findings:
    operation = cast(migrations.RenameModel, site.operation)
    model = site.before.models.get((site.app_label, operation.old_name.lower()))
    if model is None or model.options.get("db_table"):
        return
    table = columns.table_of(site.before, site.app_label, operation.old_name)
    if not site.known.is_new(table):
        yield site.finding("rename", table=table, column="*", field="*")


def alter_table(site: Site) -> Findings:
    operation = cast(migrations.AlterModelTable, site.operation)
    if site.table != operation.table and not site.known.is_new(site.table):
        yield site.finding("rename", column="*", field="*")


def add_index(site: Site) -> Findings:
    if not site.known.is_new(site.table):
        index = cast(Any, site.operation).index
        names = {"field": named_fields(index.fields), "name": index.name}
        yield site.finding("index_not_concurrent", **names)


def together(site: Site) -> Findings:
    """unique_together; only more of it builds anything."""
    operation: Any = site.operation
    model = site.before.models.get((site.app_label, site.model.lower()))
    old = model.options.get(operation.option_name) if model else None
    added = {tuple(f) for f in operation.option_value or ()} - {tuple(f) for f in old or ()}
    if added and not site.known.is_new(site.table):
        fields = named_fields(min(added))
        yield site.finding("unique_not_concurrent", field=fields, name=f"{site.table}_unique")


def add_constraint(site: Site) -> Findings:
    constraint = cast(Any, site.operation).constraint
    if isinstance(site.operation, AddConstraintNotValid):
        site.known.unvalidated[site.table, constraint.name] = site.key
        return
    if site.known.is_new(site.table):
        return
    if isinstance(constraint, ExclusionConstraint):
        yield site.finding("exclusion")
    elif isinstance(constraint, models.UniqueConstraint):
        names = {"field": named_fields(constraint.fields), "name": constraint.name}
        yield site.finding("unique_not_concurrent", **names)
    else:
        yield site.finding("check_not_valid", name=constraint.name)


def validate_constraint(site: Site) -> Findings:
    operation = cast(ValidateConstraint, site.operation)
    added_in = site.known.unvalidated.get((site.table, operation.name))
    if added_in == site.key and site.migration.atomic and not site.known.is_new(site.table):
        yield site.finding("validated_in_one_transaction", name=operation.name)
    else:
        site.known.filled |= {(site.table, column) for column in _never_null(site, operation)}


def _never_null(site: Site, operation: ValidateConstraint) -> list[str]:
    """The columns of which the constraint says IS NOT NULL, joined by nothing but AND."""
    model = site.before.models.get((site.app_label, site.model.lower()))
    for constraint in model.options.get("constraints", ()) if model else ():
        if constraint.name == operation.name and isinstance(constraint, models.CheckConstraint):
            condition = cast(models.Q, constraint.condition)
            if condition.connector != models.Q.AND or condition.negated:
                return []
            pairs = [child for child in condition.children if isinstance(child, tuple)]
            names = [
                n.removesuffix("__isnull") for n, v in pairs if n.endswith("__isnull") and not v
            ]
            found = [(name, site.field(name)) for name in names]
            return [columns.column_of(name, field) for name, field in found if field]
    return []


def _column(site: Site, name: str) -> str:
    field = site.field(name)
    return columns.column_of(name, field) if field else name


def outside_a_transaction(site: Site) -> Findings:
    if site.migration.atomic:
        yield site.finding("needs_no_transaction")
