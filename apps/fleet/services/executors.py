"""Django's migration executor, as it works on one workspace's schema."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.migrations.executor import MigrationExecutor

Key = tuple[str, str]


def for_workspace(connection: Any) -> MigrationExecutor:
    """For the schema `connection` is in. Migrations of public rows that workspace migrations
    depend on count as applied: their tables stand in the public schema, and are none of a
    workspace's versions.
    """
    executor = MigrationExecutor(connection)
    graph, applied = executor.loader.graph, executor.loader.applied_migrations
    ends = targets(executor)
    own = {label for label, _ in ends}
    reached = [node for node in (*applied, *ends) if node in graph.nodes]
    needed = {key for node in reached for key in graph.forwards_plan(node) if key[0] not in own}
    applied.update((key, graph.nodes[key]) for key in needed)
    return executor


def targets(executor: MigrationExecutor) -> list[Key]:
    """The last migrations of the workspace apps."""
    labels = {c.label for c in apps.get_app_configs() if c.name in settings.TENANT_APPS}
    return [node for node in executor.loader.graph.leaf_nodes() if node[0] in labels]
