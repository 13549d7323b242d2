"""What went out: for each release its migrations, and the columns its code uses.

The files lie beside the code (`apps/fleet/releases/<name>.json`), so that an image without git
knows them too.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models import ManyToManyField

from apps.core.errors import Invalid
from apps.fleet.errors import ReleaseExists
from apps.fleet.rules import columns

FOLDER = Path(__file__).resolve().parent.parent / "releases"
Node = tuple[str, str]
_NAME = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True)
class Release:
    """`tables` holds {table: {column: may it be NULL}} of our own apps."""

    name: str
    leaves: tuple[Node, ...]
    tables: dict[str, dict[str, bool]]

    @property
    def order(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.name.split("."))

    def uses(self, table: str, column: str = "") -> bool:
        """Does its code ask for this table, or this column of it?"""
        return table in self.tables and (not column or column in self.tables[table])

    def may_write_null(self, table: str, column: str) -> bool:
        return self.tables.get(table, {}).get(column, False)


def all_releases() -> list[Release]:
    """Every release written down, the newest first."""
    found = [_read(path) for path in FOLDER.glob("*.json")]
    return sorted(found, key=lambda release: release.order, reverse=True)


def latest() -> Release:
    return all_releases()[0]


def write(*, name: str) -> Path:
    """Write down the migrations and models of the code as release `name` ("0.2.0").

    Raises `Invalid` and `ReleaseExists`: what went out does not change.
    """
    if not _NAME.fullmatch(name):
        raise Invalid("A release is named by three numbers, such as 0.2.0.")
    path = FOLDER / f"{name}.json"
    if path.exists():
        raise ReleaseExists(f"{path.name} exists. Choose the next number.")
    loader = MigrationLoader(None)
    path.write_text(render(name=name, loader=loader, leaves=loader.graph.leaf_nodes()))
    return path


def render(*, name: str, loader: MigrationLoader, leaves: list[Node]) -> str:
    """The file's text for a release whose last migrations are `leaves`."""
    state = loader.project_state(leaves)
    content = {"leaves": sorted(leaves), "tables": describe(state)}
    return json.dumps({"name": name, **content}, indent=1, sort_keys=True) + "\n"


def describe(state: ProjectState) -> dict[str, dict[str, bool]]:
    """{table: {column: may it be NULL}} of our own apps in this state."""
    tables: dict[str, dict[str, bool]] = {}
    for (label, name), model in state.models.items():
        if not is_own(label) or model.options.get("managed") is False or model.options.get("proxy"):
            continue
        table = columns.table_of(state, label, name)
        tables[table] = {
            columns.column_of(field_name, field): field.null
            for field_name, field in model.fields.items()
            if not columns.is_many_to_many(field)
        }
        for field_name, field in model.fields.items():
            if isinstance(field, ManyToManyField) and not field.remote_field.through:
                tables[columns.joining_table(table, field_name, field)] = {}
    return tables


def nodes_of(release: Release, loader: MigrationLoader) -> list[Node]:
    """The release's last migrations, as far as they still exist under these names."""
    return [node for node in release.leaves if node in loader.graph.nodes]


def applied_by(release: Release, loader: MigrationLoader) -> set[Node]:
    """All migrations a database of that release has."""
    graph: Any = loader.graph
    return {n for leaf in nodes_of(release, loader) for n in graph.forwards_plan(leaf)}


def is_own(app_label: str) -> bool:
    try:
        config = apps.get_app_config(app_label)
    except LookupError:  # an app that has been taken out since
        return False
    return config.name.startswith("apps.")


def _read(path: Path) -> Release:
    content = json.loads(path.read_text())
    leaves = tuple((label, name) for label, name in content["leaves"])
    return Release(content["name"], leaves, content["tables"])
