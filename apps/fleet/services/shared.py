"""The public schema's own migrations, which come before any workspace's."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from pkgutil import iter_modules

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.commands.migrate import Command as DjangosMigrate
from django.core.management.sql import emit_post_migrate_signal
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from apps.fleet.apps import FleetConfig
from apps.fleet.services.fingerprints import Key

APPLIED = "SELECT app, name FROM public.django_migrations"


def missing() -> set[Key]:
    """The code's migrations that public does not note, workspace apps' among them: Django notes
    those there too, and does nothing.
    """
    return _on_disk() - _applied()


def migrate() -> Counter[str]:
    """Apply them as the owner; how many of each app."""
    wanted = missing()
    own = {config.label for config in apps.get_app_configs() if config.name in settings.TENANT_APPS}
    if not wanted:
        return Counter()
    if {label for label, _ in wanted} <= own:
        _note(wanted)
    else:
        _run()
    return Counter(label for label, _ in wanted if label not in own)


def migrate_own_tables() -> None:
    """The fleet's tables alone: what is planned for the others is read with this code's models."""
    if any(label == FleetConfig.label for label, _ in missing()):
        _run(FleetConfig.label)


def _run(*labels: str) -> None:
    call_command(
        DjangosMigrate(), *labels, verbosity=0, interactive=False, skip_checks=True,
        database=DEFAULT_DB_ALIAS,
    )  # fmt: skip


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


def _on_disk() -> set[Key]:
    return {(config.label, name) for config in apps.get_app_configs() for name in _names(config)}


def _names(config: AppConfig) -> list[str]:
    path = settings.MIGRATION_MODULES.get(config.label, f"{config.name}.migrations")
    try:
        places = import_module(path or "").__path__ if path else []
    except ModuleNotFoundError:
        return []
    found = iter_modules(places)
    return [name for _, name, is_package in found if not is_package and name[0] not in "_~"]
