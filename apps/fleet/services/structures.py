"""What a schema looks like, read from the catalogues, and how two of them differ."""

from __future__ import annotations

import json
from typing import Any

Structure = dict[str, dict[str, Any]]
Differences = dict[str, list[str]]


def read(connection: Any, *, schema_name: str) -> tuple[Structure, str]:
    """Tables, views, sequences, functions and types of a schema without its name in them, and
    the hash of it all. Needs `grants.install` once before.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT fleet.structure(%s), fleet.structure_hash(%s)", [schema_name, schema_name]
        )
        found, digest = cursor.fetchone()
    structure = json.loads(found) if isinstance(found, str) else found
    return structure or {}, digest or ""


def compare(*, expected: Structure, found: Structure) -> Differences:
    """Sentences by table, for people; empty when both are the same."""
    report: Differences = {}
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            report[name] = ["is missing"]
        elif name not in expected:
            report[name] = ["is not known to the code"]
        elif lines := list(_compare_table(expected[name], found[name])):
            report[name] = lines
    return report


def _compare_table(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    lines = []
    for part in sorted(expected.keys() | found.keys()):
        wanted, present = expected.get(part), found.get(part)
        if isinstance(wanted, dict) or isinstance(present, dict):
            lines += _compare_part(_singular(part), wanted or {}, present or {})
        elif wanted != present:
            lines.append(f"{part} is {_shown(present)}, expected {_shown(wanted)}")
    return lines


def _compare_part(part: str, expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    lines = []
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            lines.append(f"{part} {name} is missing ({expected[name]})")
        elif name not in expected:
            lines.append(f"{part} {name} is not known to the code ({found[name]})")
        elif expected[name] != found[name]:
            lines.append(f"{part} {name} is {found[name]}, expected {expected[name]}")
    return lines


def _singular(part: str) -> str:
    irregular = {"indexes": "index", "policies": "policy"}
    return irregular.get(part, part.removesuffix("s"))


def _shown(value: Any) -> str:
    return "nothing" if value is None else str(value)
