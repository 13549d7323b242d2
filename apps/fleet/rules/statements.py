"""Rules for SQL: what RunSQL says, and what was recorded of operations nobody here knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from apps.fleet.rules import columns
from apps.fleet.rules.findings import Finding
from apps.fleet.rules.recipes import RECIPES
from apps.fleet.rules.site import Known

_LITERAL = re.compile(r"(?P<tag>\$\w*\$).*?(?P=tag)|'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_I = r'(?:"[^"]+"|\w+)'  # an identifier
_TABLE = re.compile(
    rf"""\b(?:ALTER\s+TABLE(?:\s+IF\s+EXISTS)?(?:\s+ONLY)?|DROP\s+TABLE(?:\s+IF\s+EXISTS)?
    |TRUNCATE(?:\s+TABLE)?(?:\s+ONLY)?|CREATE\s+(?:UNLOGGED\s+)?TABLE(?:\s+IF\s+NOT\s+EXISTS)?
    |INSERT\s+INTO|DELETE\s+FROM(?:\s+ONLY)?|UPDATE(?:\s+ONLY)?|LOCK(?:\s+TABLE)?(?:\s+ONLY)?
    |CLUSTER|VACUUM\s+FULL|INDEX\b.*?\bON(?:\s+ONLY)?)\s+(?P<table>(?:{_I}\.)?{_I})""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_QUALIFIED = re.compile(
    rf"""\b(?:TABLE|EXISTS|ONLY|INTO|UPDATE|FROM|JOIN|REFERENCES|ON|INDEX|VIEW|SEQUENCE|TRUNCATE
    |LOCK)\s+(?P<schema>{_I})\.{_I}|(?P<public>"?\bpublic"?)\.""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True)
class Statement:
    """One statement of a migration; `text` is as written, `bare` without strings and comments."""

    migration: str
    text: str
    atomic: bool
    known: Known

    @property
    def bare(self) -> str:
        return " ".join(_LITERAL.sub(" '' ", self.text).split())

    @property
    def table(self) -> str:
        found = _TABLE.search(self.bare)
        return _unquoted(found["table"].rpartition(".")[2]) if found else ""

    def says(self, pattern: str) -> re.Match[str] | None:
        return _says(self.bare, pattern)

    def finding(self, code: str, **names: str) -> Finding:
        recipe = RECIPES[code]
        filled = {"table": self.table or "the table", "model": "…", "field": "…", **names}
        filled = {"column": "…", "name": "…", "release": "the release before", **filled}
        return Finding(
            code=code,
            migration=self.migration,
            table=self.table,
            what=short(self.text),
            why=recipe.fill(recipe.why, filled),
            recipe=recipe.fill(recipe.code, filled),
        )


Rule = Callable[[Statement], Iterable[Finding]]


def check(statement: Statement) -> Iterator[Finding]:
    """All rules; on a table made by the same plan only those that hold anywhere."""
    yield from _places(statement)
    if statement.says(r"^CREATE\s+(?:UNLOGGED\s+)?TABLE"):
        statement.known.tables.add(statement.table)
        return
    if statement.table in statement.known.tables:
        return
    for rule in (_columns, _drops, _constraints, _indexes, _rows, _locks):
        yield from rule(statement)


def short(text: str, length: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _places(statement: Statement) -> Iterator[Finding]:
    for found in _QUALIFIED.finditer(statement.bare):
        if _unquoted(found["schema"] or "public") not in {"pg_catalog", "information_schema"}:
            yield statement.finding("names_a_schema")
            break
    setting = statement.says(r"^(RE)?SET\s+(?!LOCAL\b|CONSTRAINTS\b|TRANSACTION\b)")
    path = statement.says(r"^SET\s+LOCAL\s+(search_path|ROLE|SESSION)\b")
    if setting or path or statement.says(r"\bset_config\s*\("):
        yield statement.finding("session_setting")


def _columns(statement: Statement) -> Iterator[Finding]:
    added = statement.says(rf"\bADD\s+COLUMN\s+(?:IF\s+NOT\s+EXISTS\s+)?({_I})(.*)$")
    if added:
        yield from _added_column(statement, _unquoted(added[1]), added[2])
    changed = statement.says(rf"\bALTER\s+COLUMN\s+({_I})\s+(SET\s+DATA\s+)?TYPE\b")
    if changed:
        yield statement.finding("type_change", field=_unquoted(changed[1]))
    tightened = statement.says(rf"\bALTER\s+COLUMN\s+({_I})\s+SET\s+NOT\s+NULL")
    if tightened:
        yield from _tightened(statement, _unquoted(tightened[1]))
    renamed = statement.says(rf"\bRENAME\s+(?:COLUMN\s+)?({_I})\s+TO\b")
    if renamed or statement.says(r"^ALTER\s+TABLE\b.*\bRENAME\s+TO\b"):
        yield statement.finding("rename", column=_unquoted(renamed[1]) if renamed else "*")


def _added_column(statement: Statement, column: str, rest: str) -> Iterator[Finding]:
    names = {"field": column, "column": column}
    if columns.VOLATILE.search(rest):
        yield statement.finding("volatile_default", **names)
    elif _says(rest, r"\bGENERATED\b|\b(big|small)?serial\b"):
        yield statement.finding("stored_column", **names)
    elif _says(rest, r"\bNOT\s+NULL\b") and not _says(rest, r"\bDEFAULT\b"):
        yield statement.finding("no_database_default", **names)
    if _says(rest, r"\bUNIQUE\b|\bPRIMARY\s+KEY\b"):
        yield statement.finding("unique_not_concurrent", **names)
    if _says(rest, r"\bREFERENCES\b"):
        yield statement.finding("foreign_key_not_valid", **names)
    if _says(rest, r"\bCHECK\b"):
        yield statement.finding("column_check", **names).as_warning()


def _tightened(statement: Statement, column: str) -> Iterator[Finding]:
    names = {"field": column, "column": column}
    if (statement.table, column) not in statement.known.filled:
        yield statement.finding("not_null_unchecked", **names)
    if release := statement.known.writes_null(statement.table, column):
        yield statement.finding("not_null_before_release", release=release, **names)


def _drops(statement: Statement) -> Iterator[Finding]:
    for found in re.finditer(
        rf"\bDROP\s+(?!CONSTRAINT|DEFAULT|NOT\b|EXPRESSION|IDENTITY)(?:COLUMN\s+)?"
        rf"(?:IF\s+EXISTS\s+)?({_I})",
        statement.bare if statement.says(r"^ALTER\s+TABLE\b") else "",
        re.IGNORECASE,
    ):
        column = _unquoted(found[1])
        if release := statement.known.uses(statement.table, column):
            names = {"field": column, "column": column, "release": f"release {release}"}
            yield statement.finding("drop_too_early", **names)
    if statement.says(r"^DROP\s+TABLE\b") and (
        release := statement.known.uses(statement.table, "")
    ):
        yield statement.finding("drop_too_early", column="*", release=f"release {release}")


def _constraints(statement: Statement) -> Iterator[Finding]:
    added = statement.says(
        rf"\bADD\s+(?:CONSTRAINT\s+({_I})\s+)?(?=CHECK|FOREIGN|UNIQUE|PRIM|EXCL)"
    )
    if added:
        yield from _added_constraint(statement, _unquoted(added[1] or ""))
    validated = statement.says(rf"\bVALIDATE\s+CONSTRAINT\s+({_I})")
    if validated:
        name = _unquoted(validated[1])
        place = statement.known.unvalidated.get((statement.table, name))
        if place == statement.migration and statement.atomic:
            yield statement.finding("validated_in_one_transaction", name=name)
        elif column := statement.known.promised.get((statement.table, name)):
            statement.known.filled.add((statement.table, column))


def _added_constraint(statement: Statement, name: str) -> Iterator[Finding]:
    if statement.says(r"\bEXCLUDE\b"):
        yield statement.finding("exclusion")
    elif statement.says(r"\bNOT\s+VALID\b"):
        statement.known.unvalidated[statement.table, name] = statement.migration
        if found := statement.says(rf"CHECK\s*\(+\s*({_I})\s+IS\s+NOT\s+NULL\s*\)+\s*NOT\s+VALID"):
            statement.known.promised[statement.table, name] = _unquoted(found[1])
    elif statement.says(r"\bFOREIGN\s+KEY\b"):
        yield statement.finding("foreign_key_not_valid", name=name)
    elif statement.says(r"\bCHECK\b"):
        yield statement.finding("check_not_valid", name=name)
    elif not statement.says(r"\bUSING\s+INDEX\b"):
        yield statement.finding("unique_not_concurrent", name=name)


def _indexes(statement: Statement) -> Iterator[Finding]:
    concurrent = statement.says(r"\bCONCURRENTLY\b")
    if statement.says(r"^CREATE\s+(UNIQUE\s+)?INDEX\b") and not concurrent:
        unique = statement.says(r"^CREATE\s+UNIQUE\b")
        code = "unique_not_concurrent" if unique else "index_not_concurrent"
        yield statement.finding(code)
    if statement.says(r"^REINDEX\b") and not concurrent:
        yield statement.finding("explicit_lock")
    if concurrent and statement.atomic:
        yield statement.finding("needs_no_transaction")


def _rows(statement: Statement) -> Iterator[Finding]:
    changes = statement.says(r"^(WITH\b.*)?\b(DELETE\s+FROM|UPDATE)\b")
    if statement.says(r"^TRUNCATE\b") or (changes and not statement.says(r"\bWHERE\b")):
        yield statement.finding("every_row")


def _locks(statement: Statement) -> Iterator[Finding]:
    if statement.says(r"^(LOCK\b|CLUSTER\b|VACUUM\s+(\(?.*)?FULL\b)"):
        yield statement.finding("explicit_lock")


def _says(text: str, pattern: str) -> re.Match[str] | None:
    return re.search(pattern, text, re.IGNORECASE)


def _unquoted(identifier: str) -> str:
    return identifier.strip('"') if identifier.startswith('"') else identifier.lower()
