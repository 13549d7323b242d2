"""Whether a step's inputs are the same as when it was last done."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def digest(paths: Iterable[Path], *words: str) -> str:
    """One hash over names and contents; folders count with all their files."""
    total = hashlib.sha256("\0".join(words).encode())
    for path in sorted(_files(paths)):
        total.update(f"\0{path}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def matches(stamp: Path, value: str) -> bool:
    return stamp.exists() and stamp.read_text() == value


def _files(paths: Iterable[Path]) -> Iterable[Path]:
    for path in paths:
        if path.is_dir():
            inside = (p for p in path.rglob("*") if "__pycache__" not in p.parts)
            yield from (p for p in inside if p.is_file())
        elif path.is_file():
            yield path
