"""Squawk's opinion of statements (https://squawkhq.com/docs/rules), as findings of our own.

Squawk knows PostgreSQL's grammar; it does not know which tables are new, what the last releases
use and which types widen for nothing. What our own rules decide is left to them.
"""

from __future__ import annotations

import json
import subprocess
import sysconfig
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apps.fleet.rules.findings import Finding
from apps.fleet.rules.recipes import RECIPES
from apps.fleet.rules.statements import Statement, short

PROGRAM = Path(sysconfig.get_path("scripts"), "squawk")
ADDRESS = "https://squawkhq.com/docs/"
# Ours under another name (decided in statements.py), or matters of style.
LEFT_OUT = (
    "adding-field-with-default", "adding-not-nullable-field", "adding-required-field",
    "adding-serial-primary-key-field", "adding-foreign-key-constraint", "ban-char-field",
    "ban-drop-column", "ban-drop-not-null", "ban-drop-table", "changing-column-type",
    "constraint-missing-not-valid", "disallowed-unique-constraint", "prefer-bigint-over-int",
    "prefer-bigint-over-smallint", "prefer-identity", "prefer-robust-stmts", "prefer-text-field",
    "prefer-timestamp-tz", "renaming-column", "renaming-table", "require-concurrent-index-creation",
    "require-concurrent-index-deletion", "require-lock-timeout", "require-statement-timeout",
    "require-timeout-settings", "ban-concurrent-index-creation-in-transaction",
)  # fmt: skip


def check(statements: Sequence[Statement], *, pg_version: int = 17) -> list[Finding]:
    """One run of squawk over all of them; findings on tables the plan makes are left out."""
    if not statements:
        return []
    problems = _run(_joined(statements), pg_version)
    if len(statements) > 1 and any(p["rule_name"] == "syntax-error" for p in problems):
        # It stops at what it cannot read, and would be silent about the others.
        return [f for one in statements for f in check([one], pg_version=pg_version)]
    starts = _starts(statements)
    placed = [(statements[bisect_right(starts, p["line"]) - 1], p) for p in problems]
    return [_finding(s, p) for s, p in placed if s.table not in s.known.tables]


def _joined(statements: Sequence[Statement]) -> str:
    return "".join(f"{s.text.rstrip().rstrip(';')}\n;\n" for s in statements)


def _starts(statements: Sequence[Statement]) -> list[int]:
    """The line each statement starts at, from 0."""
    return [_joined(statements[:i]).count("\n") for i in range(len(statements))]


def _run(text: str, pg_version: int) -> list[dict[str, Any]]:
    choices = [f"--pg-version={pg_version}", f"--exclude={','.join(LEFT_OUT)}"]
    done = subprocess.run(  # noqa: S603
        [PROGRAM, "--reporter=json", *choices, "--assume-in-transaction",
         "--stdin-filepath=migration.sql"],
        input=text, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if not done.stdout.startswith("["):
        raise RuntimeError(f"squawk could not read the statements: {done.stderr or done.stdout}")
    problems: list[dict[str, Any]] = json.loads(done.stdout)
    return problems


def _finding(statement: Statement, problem: dict[str, Any]) -> Finding:
    recipe, rule = RECIPES["squawk"], problem["rule_name"]
    advice = problem.get("help") or f"See {ADDRESS}{rule}"
    return Finding(
        code=rule.replace("-", "_"),
        migration=statement.migration,
        table=statement.table,
        what=short(statement.text),
        why=recipe.fill(recipe.why, {"name": problem["message"]}),
        recipe=f"# {advice}",
        level="warning" if rule == "syntax-error" else "refused",
    )
