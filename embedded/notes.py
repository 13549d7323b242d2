"""Small JSON files that tell one process, or the next run, about another."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> dict[str, Any]:
    """What the note says; empty when it is missing or was cut short."""
    try:
        held = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}


def write(path: Path, **said: object) -> None:
    """Put the note there, whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(said))
    draft.replace(path)
