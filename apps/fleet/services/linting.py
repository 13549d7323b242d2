"""Holds migrations against the rules, before any database is touched.

An author who knows better says so on the migration, and the plan shows it::

    class Migration(migrations.Migration):
        unsafe = {"index_not_concurrent": "the table holds one row per workspace"}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration

from apps.fleet.errors import UnsafeMigration
from apps.fleet.rules import operations, squawk
from apps.fleet.rules.findings import Finding
from apps.fleet.rules.recipes import RECIPES
from apps.fleet.rules.site import Known
from apps.fleet.rules.statements import Statement
from apps.fleet.services import releases
from apps.fleet.services.releases import Node, Release

# A release may be taken back twice before what it used is dropped.
RELEASES_KEPT = 2
SHORTEST_REASON = 15
# Found on a database only, so that the code alone cannot tell whether a marker is needed.
_SEEN_LATER = {"table_rewritten", "table_scanned"}


def check_release(*, loader: MigrationLoader | None = None) -> list[Finding]:
    """What the rules say of all migrations since the latest release. Needs no database."""
    loader = loader or MigrationLoader(None)
    return check(loader=loader, applied=releases.applied_by(releases.latest(), loader))


def check(
    *,
    loader: MigrationLoader,
    applied: set[Node],
    plan: Sequence[Node] | None = None,
    history: Sequence[Release] | None = None,
) -> list[Finding]:
    """What the rules say of `plan` (all that is not applied) on a database with `applied`."""
    nodes = pending(loader, applied) if plan is None else plan
    known = known_of(releases.all_releases() if history is None else history)
    state = loader.project_state([node for node in applied if node in loader.graph.nodes])
    found: list[Finding] = []
    written: list[Statement] = []
    for node in nodes:
        migration = loader.get_migration(*node)
        own, state, statements = operations.check(migration, state, known)
        found += own
        written += statements
    found += squawk.check(written)
    return [f for node in nodes for f in _judge(loader.get_migration(*node), found)]


def refuse(findings: Iterable[Finding]) -> None:
    """Raises `UnsafeMigration` with all that is refused, each with its recipe."""
    refused = [finding for finding in findings if finding.refuses]
    if refused:
        text = "\n\n".join(finding.as_text() for finding in refused)
        raise UnsafeMigration(
            f"{len(refused)} refused:\n\n{text}", codes=sorted({f.code for f in refused})
        )


def pending(loader: MigrationLoader, applied: set[Node]) -> list[Node]:
    """Every migration that is not applied, in the order of application."""
    graph: Any = loader.graph
    order = (node for leaf in graph.leaf_nodes() for node in graph.forwards_plan(leaf))
    return [node for node in dict.fromkeys(order) if node not in applied]


def known_of(history: Sequence[Release]) -> Known:
    kept = history[:RELEASES_KEPT]

    def uses(table: str, column: str) -> str:
        return next((r.name for r in kept if r.uses(table, column)), "")

    def writes_null(table: str, column: str) -> str:
        return next((r.name for r in kept if r.may_write_null(table, column)), "")

    def lacks(table: str, column: str) -> str:
        found = (r.name for r in kept if r.uses(table) and not r.uses(table, column))
        return next(found, "")

    return Known(uses=uses, writes_null=writes_null, lacks=lacks)


def accept(migration: Migration, finding: Finding) -> Finding:
    """The finding with its author's reason; one in a package is nobody's here to mend: it warns."""
    reason = markers(migration).get(finding.code, "")
    if not releases.is_own(migration.app_label):
        return finding.as_warning()
    return finding.accept(reason) if len(reason) >= SHORTEST_REASON else finding


def markers(migration: Migration) -> dict[str, str]:
    """{code of a rule: why it does not matter here}, as its author wrote it."""
    return dict(getattr(migration, "unsafe", {}))


def _judge(migration: Migration, found: Iterable[Finding]) -> Iterator[Finding]:
    key = f"{migration.app_label}.{migration.name}"
    mine = list(dict.fromkeys(finding for finding in found if finding.migration == key))
    yield from (accept(migration, finding) for finding in mine)
    codes = {finding.code for finding in mine}
    for code, reason in markers(migration).items():
        if code in RECIPES and code not in codes | _SEEN_LATER:
            yield _about_marker(key, code, "which nothing in it does: take it out")
        elif len(reason) < SHORTEST_REASON:
            yield _about_marker(key, code, "without a reason that a reader could check")


def _about_marker(key: str, code: str, problem: str) -> Finding:
    recipe = RECIPES["marker"]
    why = recipe.fill(recipe.why, {"name": code, "field": problem})
    return Finding("marker", key, "", f"unsafe[{code!r}]", why, recipe.code)
