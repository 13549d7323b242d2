"""Programs that come inside Python wheels: PostgreSQL, Valkey, Node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.faults import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.layout import Layout

REINSTALL = "delete .venv and run `make up` again; it installs everything anew."


def locate(layout: Layout, pattern: str) -> Path:
    """The one file or folder matching `pattern` below the venv's site-packages."""
    found = sorted(layout.venv.glob(f"lib/python3.*/site-packages/{pattern}"))
    if not found:
        raise Fault(
            f"{pattern} is not installed in {layout.venv}.",
            f"{REINSTALL} If it stays away, this platform has no such wheel: "
            "set DATABASE_URL and REDIS_URL to servers of your own.",
        )
    return found[-1]
