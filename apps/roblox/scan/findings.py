"""What a scan reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """From a remark to what must not be released."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info, 4 for critical."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """`path` is the instance's, `line` and `column` start at 1 (0 when the whole instance
    is meant), `message` says what was found, why it matters and what to do, `excerpt` is at
    most 160 printable characters of the place.
    """

    rule: str
    severity: Severity
    path: str
    line: int
    column: int
    message: str
    excerpt: str = ""


def worst(findings: Iterable[Finding]) -> Severity | None:
    return max((f.severity for f in findings), key=lambda severity: severity.rank, default=None)


def blocks_release(findings: Iterable[Finding]) -> bool:
    """Critical findings keep a file from being released."""
    return worst(findings) is Severity.CRITICAL
