"""Scan a piece of Luau, answer what matters."""

from __future__ import annotations

from apps.roblox.scan import scan_source


def found(source: str) -> set[tuple[str, int]]:
    """(rule, line) of every finding."""
    return {(finding.rule, finding.line) for finding in scan_source(source)}
