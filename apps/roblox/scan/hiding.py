"""Rules about code that does not want to be read."""

from __future__ import annotations

import re

from .script import Report, Script, shown

MARKS = re.compile(
    rb"(?:[\"'`]|\[=*\[)LPH[!@|][0-9A-Fa-f]|\bLPH_ENC|\bLuraph\s+(?:Obfuscator|v\d)|iron\s?brew"
    rb"|synapse\s?xen|moonsec|aztup\s?brew|\bPSU\s*[|:]\s*obfusc|wearedevs\.net/obfuscator"
    rb"|(?:obfuscated|protected)\s+(?:by|using|with)\s+\w+|luarmor",
    re.IGNORECASE,
)
# Possessive, and only from the start of a run: hostile blanks must not make it quadratic.
BLANKS = re.compile(rb"(?<![ \t])[ \t]{160,}+(?=[^\r\n])")
MOST_EMPTY_LINES = 200
LONGEST_LINE = 2_000
LONGEST_SCRIPT = 200_000
ESCAPED_LETTER = re.compile(rb"\\(?:(\d{1,3})|x([0-9A-Fa-f]{2}))")
MOST_ESCAPED_LETTERS = 24
PRINTABLE = range(32, 127)


def check_text(report: Report) -> None:
    """What can be seen without parsing; `report.source` is the whole source."""
    for match in MARKS.finditer(report.source):
        report.add("obfuscator", f"Holds \u201c{shown(match.group())}\u201d", match.start())
    for match in BLANKS.finditer(report.source):
        report.add("hidden-whitespace", f"{len(match.group())} blanks before code", match.end())
    _check_lines(report)
    if len(report.source) > LONGEST_SCRIPT:
        report.add("long-script", f"{len(report.source)} bytes of source", 0)


def _check_lines(report: Report) -> None:
    at = empty = 0
    for line in report.source.split(b"\n"):
        if len(line) > LONGEST_LINE:
            report.add("long-line", f"A line of {len(line)} bytes", at)
        blank = not line.strip()
        if not blank and empty > MOST_EMPTY_LINES:
            report.add("hidden-whitespace", f"{empty} empty lines before code", at)
        empty = empty + 1 if blank else 0
        at += len(line) + 1


def check(script: Script) -> None:
    for node in script.syntax.each(script.syntax.strings):
        letters = _escaped_letters(script.syntax.text(node))
        if letters > MOST_ESCAPED_LETTERS:
            script.add("escaped-text", f"{letters} plain letters are escaped", node)


def _escaped_letters(raw: bytes) -> int:
    if b"\\" not in raw:
        return 0
    codes = (
        int(match[1]) if match[1] else int(match[2], 16) for match in ESCAPED_LETTER.finditer(raw)
    )
    return sum(code in PRINTABLE for code in codes)
