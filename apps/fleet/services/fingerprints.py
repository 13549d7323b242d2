"""Which migrations the code has, and naming a state of the workspaces' without loading any."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from django.apps import AppConfig, apps
from django.conf import settings

Key = tuple[str, str]


def sources() -> dict[Key, Path]:
    """All apps' migrations on disk, as (app label, name), and where each is written."""
    return {key: path for config in apps.get_app_configs() for key, path in _sources(config)}


def migrations_of_code() -> frozenset[Key]:
    """The workspace apps' migrations on disk."""
    configs = [c for c in apps.get_app_configs() if c.name in settings.TENANT_APPS]
    return frozenset(key for config in configs for key, _ in _sources(config))


def fingerprint(migrations: Iterable[Key]) -> str:
    """The same for the same set in any order."""
    lines = sorted(f"{app}.{name}" for app, name in migrations)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _sources(config: AppConfig) -> Iterator[tuple[Key, Path]]:
    path = settings.MIGRATION_MODULES.get(config.label, f"{config.name}.migrations")
    try:
        places = import_module(path or "").__path__ if path else []
    except ModuleNotFoundError:
        return
    for place in places:
        for _, name, is_package in iter_modules([place]):
            if not is_package and name[0] not in "_~":
                yield (config.label, name), Path(place, f"{name}.py")
