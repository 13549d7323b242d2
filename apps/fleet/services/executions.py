"""Migrations that no recording can stand for (RunPython, batches): Django's own operations.

Django renders the models of every app for every database it migrates; here they are rendered
once, and used for the whole fleet.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django_tenants.utils import schema_context

from apps.fleet.models import SchemaStep
from apps.fleet.services import owner


@dataclass(frozen=True)
class Stage:
    """One operation with the models before and after it."""

    operation: Any
    before: ProjectState
    after: ProjectState

    def runs_alone(self, migration: Migration) -> bool:
        """Whether it asks for a transaction of its own in a migration that has none."""
        atomic = getattr(self.operation, "atomic", None)
        return not migration.atomic and bool(atomic)


@dataclass
class Executions:
    """Remembers what it has rendered; make one for each run."""

    _loader: MigrationLoader | None = None
    _stages: dict[tuple[str, str], list[Stage]] = field(default_factory=dict)

    def forward(self, step: SchemaStep, *, schema_name: str, closing: bytes) -> None:
        """Apply it; `closing` is sent in its transaction, or after it where it has none."""
        self._run(step, schema_name, closing, backward=False)

    def backward(self, step: SchemaStep, *, schema_name: str, closing: bytes) -> None:
        """Undo it, with its operations in reverse."""
        self._run(step, schema_name, closing, backward=True)

    def _run(self, step: SchemaStep, schema_name: str, closing: bytes, *, backward: bool) -> None:
        migration, stages = self._load(step)
        with schema_context(schema_name):
            with connection.schema_editor(atomic=migration.atomic) as editor:
                for stage in reversed(stages) if backward else stages:
                    with transaction.atomic() if stage.runs_alone(migration) else nullcontext():
                        _apply(stage, step.app_label, editor, backward=backward)
                if migration.atomic:
                    owner.raw().execute(closing)
            if not migration.atomic:
                owner.raw().execute(closing)

    def _load(self, step: SchemaStep) -> tuple[Migration, list[Stage]]:
        # Squashed migrations stay beside the ones they replace: a step may name either.
        self._loader = self._loader or MigrationLoader(None, replace_migrations=False)
        key = (step.app_label, step.name)
        migration = self._loader.graph.nodes[key]
        if key not in self._stages:
            self._stages[key] = _render(migration, self._loader.project_state(key, at_end=False))
        return migration, self._stages[key]


def _render(migration: Migration, state: ProjectState) -> list[Stage]:
    stages = []
    for operation in migration.operations:
        before = state
        state = before.clone()
        operation.state_forwards(migration.app_label, state)
        stages.append(Stage(operation, before, state))
    return stages


def _apply(stage: Stage, app_label: str, editor: Any, *, backward: bool) -> None:
    if backward:
        stage.operation.database_backwards(app_label, editor, stage.after, stage.before)
    else:
        stage.operation.database_forwards(app_label, editor, stage.before, stage.after)
