"""One script under scan: what rules look at and report to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tree_sitter import Node

from .findings import Finding, Severity
from .folding import Folder
from .rules import RULES
from .syntax import Syntax, position

MOST_PER_RULE = 20
# Finding a place's line costs a look over the source, so tries are counted too.
MOST_TRIES = 200
EXCERPT = 160


@dataclass(slots=True)
class Report:
    """Findings of one instance, at most 20 a rule and one a rule and line."""

    path: str
    source: bytes = b""
    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    shown: Counter[str] = field(default_factory=Counter)
    seen: set[tuple[str, int]] = field(default_factory=set)

    def add(self, rule: str, what: str, at: int | None = None) -> None:
        """`what` is the sentence special to this place; `at` its byte offset in the source."""
        self.counts[rule] += 1
        if self.counts[rule] > MOST_TRIES:
            return
        line, column = position(self.source, at) if at is not None else (0, 0)
        if (rule, line) in self.seen or self.shown[rule] >= MOST_PER_RULE:
            return
        self.seen.add((rule, line))
        self.shown[rule] += 1
        entry = RULES[rule]
        message = f"{what}. {entry.why} {entry.advice}"
        severity: Severity = entry.severity
        excerpt = shown(self._line(at)) if at is not None else ""
        self.findings.append(Finding(rule, severity, self.path, line, column, message, excerpt))

    def _line(self, at: int) -> bytes:
        """The line around a place; its start when that fits, else from the place on."""
        start = self.source.rfind(b"\n", 0, at) + 1
        if at - start > EXCERPT // 2:
            start = at
        end = self.source.find(b"\n", at)
        return self.source[start : len(self.source) if end < 0 else end][: 4 * EXCERPT]


@dataclass(slots=True)
class Script:
    """A parsed script with its folder and its report."""

    syntax: Syntax
    folder: Folder
    report: Report

    def add(self, rule: str, what: str, node: Node) -> None:
        self.report.add(rule, what, node.start_byte)


def shown(raw: bytes) -> str:
    """At most 160 printable characters on one line."""
    text = " ".join(raw.decode("utf-8", "replace").split())
    text = "".join(char if char.isprintable() else "\ufffd" for char in text)
    return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "\u2026"
