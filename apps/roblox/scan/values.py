"""What folding can know of an expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tree_sitter import Node


@dataclass(frozen=True, slots=True)
class Symbol:
    """A global, a member of one (`string.char`) or a service (`service:HttpService`)."""

    name: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table constructor; its fields are folded when asked for."""

    node: Node


class Unknown:
    """Nothing is known before the script runs."""


UNKNOWN: Final = Unknown()
Value = bytes | float | bool | Symbol | Table | Unknown
