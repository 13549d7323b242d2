"""Look through a document's scripts for what should not be released.

findings = scan(read(data, filename="lesson.rbxl"))
if blocks_release(findings): ...
"""

from .findings import Finding, Severity, blocks_release, worst
from .rules import RULES, Rule
from .scanning import scan, scan_source

__all__ = [
    "RULES",
    "Finding",
    "Rule",
    "Severity",
    "blocks_release",
    "scan",
    "scan_source",
    "worst",
]
