"""Static files with content hashes in their names."""

from __future__ import annotations

from typing import Any

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

BUILT = "dist/"


class KeepsBuiltNames:
    """Vite's output keeps its names: they carry a hash already, and its modules import each
    other by them. Renamed, the entry would be fetched and run twice, once by each name.
    """

    def hashed_name(self, name: str, content: Any = None, filename: str | None = None) -> str:
        if name.startswith(BUILT):
            return name
        return str(super().hashed_name(name, content, filename))  # type: ignore[misc]

    def stored_name(self, name: str) -> str:
        if name.startswith(BUILT):
            return name
        return str(super().stored_name(name))  # type: ignore[misc]


class StaticStorage(KeepsBuiltNames, ManifestStaticFilesStorage):  # type: ignore[misc]
    """On a developer's machine: quick to collect."""


class CompressedStaticStorage(KeepsBuiltNames, CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """In production: with gzip and Brotli beside each file."""
