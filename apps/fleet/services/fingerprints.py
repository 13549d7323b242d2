"""Naming a state of the workspace migrations without loading any of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules

from django.apps import AppConfig, apps
from django.conf import settings

Key = tuple[str, str]


def migrations_of_code() -> frozenset[Key]:
    """The workspace apps' migrations on disk, as (app label, name)."""
    configs = [c for c in apps.get_app_configs() if c.name in settings.TENANT_APPS]
    return frozenset((c.label, name) for c in configs for name in _names(c))


def fingerprint(migrations: Iterable[Key]) -> str:
    """The same for the same set in any order."""
    lines = sorted(f"{app}.{name}" for app, name in migrations)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _names(config: AppConfig) -> list[str]:
    path = settings.MIGRATION_MODULES.get(config.label, f"{config.name}.migrations")
    found = iter_modules(import_module(path).__path__)
    return [name for _, name, is_package in found if not is_package and name[0] not in "_~"]
