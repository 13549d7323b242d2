"""What a field of a migration's state means in PostgreSQL, without rendering any model."""

from __future__ import annotations

import re
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.state import ProjectState
from django.db.models import Expression, Field, ForeignKey, GeneratedField, ManyToManyField
from django.db.models.fields import NOT_PROVIDED

# Functions of PostgreSQL that answer anew for each row (pg_proc.provolatile = 'v'). now() and
# statement_timestamp() are not among them: one value serves all rows and nothing is rewritten.
VOLATILE = re.compile(
    r"\b(random|random_normal|clock_timestamp|timeofday|nextval|gen_random_uuid|gen_random_bytes"
    r"|uuidv4|uuidv7|uuid_generate_v\d\w*)\b",
    re.IGNORECASE,
)
_SIZED = re.compile(r"(varchar|numeric)\((\d+)(?:,\s*(\d+))?\)")
_LOOSE = {"varchar", "text"}


def table_of(state: ProjectState, app_label: str, model_name: str) -> str:
    """The table of a model; a model the state does not know is named as Django would."""
    found = state.models.get((app_label, model_name.lower()))
    named = found.options.get("db_table") if found else None
    return str(named or f"{app_label}_{model_name.lower()}")


def field_of(
    state: ProjectState, app_label: str, model_name: str, name: str
) -> Field[Any, Any] | None:
    model = state.models.get((app_label, model_name.lower()))
    return model.fields.get(name) if model else None


def column_of(name: str, field: Field[Any, Any]) -> str:
    return field.db_column or (f"{name}_id" if isinstance(field, ForeignKey) else name)


def type_of(field: Field[Any, Any]) -> str | None:
    """As in CREATE TABLE; None for a relation, whose type is its target's, or no column."""
    if field.is_relation:
        return None
    return field.db_type(connections[DEFAULT_DB_ALIAS])


def has_check(field: Field[Any, Any]) -> bool:
    """Does the column bring a CHECK of its own, as a PositiveIntegerField does?"""
    connection = connections[DEFAULT_DB_ALIAS]
    return field.get_internal_type() in connection.data_type_check_constraints


def is_stored(field: Field[Any, Any]) -> bool:
    """Does PostgreSQL compute a value for every row when the column is added?"""
    numbered = field.get_internal_type() in {"AutoField", "BigAutoField", "SmallAutoField"}
    return isinstance(field, GeneratedField) or numbered


def has_database_default(field: Field[Any, Any]) -> bool:
    return field.db_default is not NOT_PROVIDED


def is_volatile(field: Field[Any, Any]) -> bool:
    default = field.db_default
    return isinstance(default, Expression) and bool(VOLATILE.search(_text_of(default)))


def is_many_to_many(field: Field[Any, Any]) -> bool:
    return isinstance(field, ManyToManyField)


def joining_table(table: str, name: str, field: Field[Any, Any]) -> str:
    """The table behind a ManyToManyField without a model of its own."""
    return str(getattr(field, "db_table", None) or f"{table}_{name}")


def is_free_change(old: str | None, new: str | None) -> bool:
    """Can the type change without the table being written anew or read?

    https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES: "if the old
    type is binary coercible to the new type".
    """
    if old == new or old is None or new is None:
        return old == new
    before, after = _SIZED.fullmatch(old), _SIZED.fullmatch(new)
    if before and before[1] == "varchar" and new in _LOOSE:
        return True
    if before and after and before[1] == after[1]:
        return int(after[2]) >= int(before[2]) and (before[3] or "0") == (after[3] or "0")
    return old in _LOOSE and new in _LOOSE


def _text_of(expression: Expression) -> str:
    names = ("function", "template", "sql")
    return " ".join(
        str(getattr(node, name, "") or "") for node in expression.flatten() for name in names
    )
