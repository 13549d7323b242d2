"""`items[0][price]=price_1&expand[]=customer` as nested dictionaries of text.

Lists arrive as dictionaries of indexes; only who knows the shape can tell them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from sandbox.stripe.errors import StripeError

PART = re.compile(r"\[([^\[\]]*)\]")


def parse(text: str) -> dict[str, Any]:
    return nest(parse_qsl(text, keep_blank_values=True))


def nest(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in pairs:
        head, _, _ = name.partition("[")
        _place(nested, [head, *PART.findall(name)], value, name)
    return nested


def _place(into: dict[str, Any], parts: list[str], value: str, name: str) -> None:
    for place, part in enumerate(parts[:-1]):
        key = part or str(len(into))
        if not part and place == len(parts) - 2 and len(parts) > 2:  # noqa: PLR2004
            key = _open_entry(into, parts[-1])
        into = into.setdefault(key, {})
        if not isinstance(into, dict):
            raise StripeError(f"Invalid hash: {name}", param=name)
    into[parts[-1] or str(len(into))] = value


def _open_entry(entries: dict[str, Any], field: str) -> str:
    """`a[][b]=1&a[][c]=2` is one entry until a field comes a second time."""
    last = str(len(entries) - 1)
    held = entries.get(last)
    return last if isinstance(held, dict) and field not in held else str(len(entries))
