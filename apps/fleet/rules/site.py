"""Where a rule looks: one operation of one migration, and what is known before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from django.db import models
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from apps.fleet.rules import columns
from apps.fleet.rules.findings import Finding
from apps.fleet.rules.recipes import RECIPES


@dataclass
class Known:
    """What the migrations looked at so far have made, and what the last releases use.

    `uses(table, column)` names a release that still asks for it, `writes_null` one that may write
    NULL there, `lacks` one that has the table without the column; all answer "" for none.
    """

    uses: Callable[[str, str], str]
    writes_null: Callable[[str, str], str]
    lacks: Callable[[str, str], str]
    tables: set[str] = field(default_factory=set)
    columns: set[tuple[str, str]] = field(default_factory=set)
    unvalidated: dict[tuple[str, str], str] = field(default_factory=dict)  # name: migration
    promised: dict[tuple[str, str], str] = field(default_factory=dict)  # name: column
    filled: set[tuple[str, str]] = field(default_factory=set)  # validated IS NOT NULL

    def is_new(self, table: str, column: str = "") -> bool:
        return table in self.tables or (bool(column) and (table, column) in self.columns)


@dataclass(frozen=True)
class Site:
    migration: Migration
    operation: Operation
    before: ProjectState
    known: Known

    @property
    def app_label(self) -> str:
        return self.migration.app_label

    @property
    def key(self) -> str:
        return f"{self.migration.app_label}.{self.migration.name}"

    @property
    def model(self) -> str:
        named: Any = self.operation
        return str(getattr(named, "model_name", None) or getattr(named, "name", ""))

    @property
    def table(self) -> str:
        return columns.table_of(self.before, self.app_label, self.model)

    def at(self, operation: Operation, before: ProjectState) -> Self:
        return replace(self, operation=operation, before=before)

    def field(self, name: str) -> models.Field[Any, Any] | None:
        return columns.field_of(self.before, self.app_label, self.model, name)

    def finding(self, code: str, **names: str) -> Finding:
        """`names` fill the recipe: field, column, name, release; table and model are known."""
        recipe = RECIPES[code]
        filled = {"model": self.model, "table": self.table, **names}
        return Finding(
            code=code,
            migration=self.key,
            table=filled["table"],
            what=names.get("what") or self.operation.describe(),
            why=recipe.fill(recipe.why, filled),
            recipe=recipe.fill(recipe.code, filled),
        )


def named_fields(names: Sequence[str]) -> str:
    return '", "'.join(names)
