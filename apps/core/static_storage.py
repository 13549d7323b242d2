"""Static files with content hashes in their names, compressed."""

from __future__ import annotations

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

BUILT = "dist/"


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Vite's output keeps its names: they carry a hash already, and its modules import each
    other by them. Renamed, the entry would be fetched and run twice, once by each name.
    """

    def hashed_name(self, name: str, content: Any = None, filename: str | None = None) -> str:
        if name.startswith(BUILT):
            return name
        return str(super().hashed_name(name, content, filename))

    def stored_name(self, name: str) -> str:
        return name if name.startswith(BUILT) else str(super().stored_name(name))
