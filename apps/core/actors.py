"""Who acted, kept by value in rows that outlive the person, the key or the program."""

from __future__ import annotations

from typing import Any

LONGEST = 254


def label_of(by: Any, *, nobody: str = "system") -> str:
    """For people to read: an address, what an actor without one is called, or `nobody` for None."""
    return str(getattr(by, "email", None) or by or nobody)[:LONGEST]
