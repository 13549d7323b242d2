"""The public schema's own migrations, which come before any workspace's."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.recorder import MigrationRecorder

from apps.fleet.apps import FleetConfig
from apps.fleet.services import fingerprints, snapshots
from apps.fleet.services.fingerprints import Key

Plan = list[tuple[Migration, bool]]
LAST: Final = "djstripe"
APPLIED = "SELECT app, name FROM public.django_migrations"


def missing() -> set[Key]:
    """The code's migrations that public does not note, workspace apps' among them: Django notes
    those there too, and does nothing.
    """
    return fingerprints.sources().keys() - _applied()


def migrate() -> Counter[str]:
    """Apply them as the owner; how many of each app."""
    wanted = missing()
    own = {config.label for config in apps.get_app_configs() if config.name in settings.TENANT_APPS}
    if not wanted:
        return Counter()
    left = wanted
    if not has_table("django_migrations"):
        snapshots.lay(connection)
        left = missing()
    if {label for label, _ in left} <= own:
        _note(left)
    else:
        execute()
    return Counter(label for label, _ in wanted if label not in own)


def migrate_own_tables() -> None:
    """The fleet's tables alone: what is planned for the others is read with this code's models."""
    if any(label == FleetConfig.label for label, _ in missing()):
        execute(FleetConfig.label)


def execute(label: str | None = None, *, progress: Callable[..., None] | None = None) -> None:
    """As Django's own `migrate` of one app or all, in an order that renders fewer models;
    `progress` is told what its executor tells.
    """
    executor = MigrationExecutor(connection, progress)
    loader = executor.loader
    loader.check_consistent_history(connection)
    targets = loader.graph.leaf_nodes(label)
    plan = executor.migration_plan(targets)
    about: dict[str, Any] = {"verbosity": 0, "interactive": False, "db": connection.alias}
    applied = [key for key in loader.applied_migrations if key in loader.graph.nodes]
    state = loader.project_state(applied)
    emit_pre_migrate_signal(**about, apps=state.apps, plan=plan)
    with _rare_collections():
        for part in _parts(plan, loader.graph):
            state = executor.migrate(targets, plan=part, state=state)
    state.clear_delayed_apps_cache()
    emit_post_migrate_signal(**about, apps=state.apps, plan=plan)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Migrating makes every model anew hundreds of times: the collector's search among them takes
    a sixth of the whole.
    """
    usual = gc.get_threshold()
    gc.set_threshold(200_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _parts(plan: Plan, graph: MigrationGraph) -> list[Plan]:
    """`LAST` and what needs it behind all others: after each operation Django renders anew whatever
    is related to its model, and these many are related to everything.
    """

    def is_late(migration: Migration) -> bool:
        needed = graph.forwards_plan((migration.app_label, migration.name))
        return any(label == LAST for label, _ in needed)

    parts: tuple[Plan, Plan] = ([], [])
    for step in plan:
        parts[is_late(step[0])].append(step)
    return [part for part in parts if part]


def _note(wanted: set[Key]) -> None:
    """Without Django's executor, which would render every app's models to do nothing."""
    with transaction.atomic():
        MigrationRecorder.Migration.objects.bulk_create(
            MigrationRecorder.Migration(app=label, name=name) for label, name in sorted(wanted)
        )
        # Content types and permissions of new workspace models stand in public.
        emit_post_migrate_signal(verbosity=0, interactive=False, db=DEFAULT_DB_ALIAS)


def has_table(name: str) -> bool:
    """Whether public has it for this role to read; asked of the catalogue's index, which a
    thousand workspaces leave as quick as it is.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(to_regclass(%s), 'SELECT')", [f"public.{name}"])
        return bool(cursor.fetchone()[0])


def _applied() -> set[Key]:
    if not has_table("django_migrations"):
        return set()
    with connection.cursor() as cursor:
        cursor.execute(APPLIED)
        return set(cursor.fetchall())
