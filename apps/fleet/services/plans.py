"""What a migration of the fleet would do: shown before it is done, and refused when unsafe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader
from django.db.models import Count, Q

from apps.core.errors import Invalid
from apps.fleet.errors import NoWay
from apps.fleet.models import Schema, SchemaStep, SchemaVersion
from apps.fleet.rules import operations, squawk, statements
from apps.fleet.rules.findings import Finding
from apps.fleet.rules.statements import Statement
from apps.fleet.services import (
    estimates,
    linting,
    previews,
    recordings,
    rehearsals,
    releases,
    shared,
    versions,
    ways,
)
from apps.fleet.services.estimates import Estimate
from apps.fleet.services.ownership import owner_alias
from apps.fleet.services.rehearsals import STOPS_WRITES, Measured
from apps.fleet.services.releases import Node


@dataclass(frozen=True)
class PlannedStep:
    """One migration in each schema of a group; `milliseconds` is one schema's time."""

    migration: str
    mode: str
    statements: list[str]
    locks: list[str]
    rewritten: list[str]
    scanned: list[str]
    milliseconds: float
    reversible: bool


@dataclass(frozen=True)
class Group:
    """Schemas that stand at the same version; `problem` says why there is no way from it."""

    version: str
    workspaces: int
    prepared: int
    steps: list[PlannedStep]
    estimate: Estimate
    rehearsed_on: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Plan:
    """`public` holds the migrations of the tables all workspaces share, with their statements."""

    target: str
    groups: list[Group] = field(default_factory=list)
    public: list[tuple[str, list[str]]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def refusals(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.refuses]

    @property
    def is_empty(self) -> bool:
        return not self.groups and not self.public

    @property
    def seconds(self) -> float:
        return sum(group.estimate.seconds for group in self.groups)

    def as_json(self) -> dict[str, Any]:
        """All of it in plain values."""
        return {**asdict(self), "seconds": self.seconds, "refused": len(self.refusals)}


def make(
    *, using: str = "owner", rehearse: bool = True, on: str = "", lock_timeout: float = 2
) -> Plan:
    """What `fleet migrate` would do now; changes nothing but what is recorded of versions.

    With `rehearse` the steps are tried on an empty scratch schema, or `on` a schema with rows in
    a transaction that is rolled back. Without it only the code is read: no statements, no locks,
    no time, in a fraction of a second. `lock_timeout` in seconds is for `on`. Raises `Invalid`
    where `on` is not behind the code, `RehearsalFailed` and `RecordingDiffers`.
    """
    using = owner_alias(using)
    if on and not _is_behind(on, using):
        raise Invalid(
            f"{on} is not the name of a schema that is behind the code: see fleet status."
        )
    loader = MigrationLoader(None)
    missing = shared.missing()
    public = [n for n in linting.pending(loader, set()) if n in missing and not _in_workspaces(n)]
    applied = set(loader.graph.nodes) - set(public)
    findings = linting.check(loader=loader, applied=applied, plan=public)
    groups = []
    for origin, workspaces, prepared in _behind(using):
        way = _Way(loader, origin, using)
        if rehearse:
            way.try_out(on=on, lock_timeout=lock_timeout)
        groups.append(way.group(workspaces, prepared))
        findings += way.findings()
    return Plan(
        target=versions.of_code()[:12],
        groups=groups,
        public=[
            (".".join(node), previews.statements(loader=loader, node=node, using=using))
            for node in public
        ],
        findings=list(dict.fromkeys(findings)),
    )


def refuse_unsafe(plan: Plan) -> None:
    """Raises `UnsafeMigration` with every refusal and its recipe."""
    linting.refuse(plan.findings)


class _Way:
    """From one version to the code's."""

    def __init__(self, loader: MigrationLoader, origin: SchemaVersion, using: str) -> None:
        self._loader, self._origin, self._using, self._on = loader, origin, using, ""
        self._steps: Sequence[SchemaStep] = []
        self._measured: list[list[Measured]] = []
        self._problem = ""

    def group(self, workspaces: int, prepared: int) -> Group:
        pairs = zip(self._steps, self._measured, strict=True)
        return Group(
            version=str(self._origin),
            workspaces=workspaces,
            prepared=prepared,
            steps=[_planned(step, measured) for step, measured in pairs] or self._unmeasured(),
            estimate=estimates.make(
                origin=self._origin, steps=self._steps, measured=self._measured,
                schemas=workspaces + prepared, using=self._using, on=self._on,
            ),
            rehearsed_on=self._on or ("an empty schema" if self._steps else ""),
            problem=self._problem,
        )  # fmt: skip

    def try_out(self, *, on: str, lock_timeout: float) -> None:
        try:
            self._steps = ways.between(origin=self._origin, target=_target(self._using))
        except NoWay as error:
            self._problem = error.detail
            return
        if on and _stands_at(on, self._origin, self._using):
            self._on = on
            self._measured = rehearsals.on_schema(
                schema_name=on, steps=self._steps, lock_timeout=lock_timeout, using=self._using
            )
        else:
            self._measured = rehearsals.on_scratch(
                origin=self._origin, steps=self._steps, using=self._using
            )

    def _nodes(self) -> list[Node]:
        done = {(app, name) for app, name in self._origin.migrations}
        pending = linting.pending(self._loader, done)
        return [node for node in pending if _in_workspaces(node)]

    def _unmeasured(self) -> list[PlannedStep]:
        """Where nothing was recorded, the migrations have but a name."""
        nodes = [] if self._problem else self._nodes()
        return [PlannedStep(".".join(n), "", [], [], [], [], 0, reversible=True) for n in nodes]

    def findings(self) -> Iterator[Finding]:
        nodes = self._nodes()
        applied = set(self._loader.graph.nodes) - set(nodes)
        found = linting.check(loader=self._loader, applied=applied, plan=nodes)
        yield from found
        said = {(finding.migration, finding.table) for finding in found}
        for step, measured in zip(self._steps, self._measured, strict=True):
            migration = self._loader.get_migration(step.app_label, step.name)
            later = [*_recorded(step, migration), *_seen(step, measured, said)]
            yield from (linting.accept(migration, finding) for finding in later)


def _recorded(step: SchemaStep, migration: Any) -> list[Finding]:
    """What the rules for SQL say of operations that none of the others knows."""
    if all(operations.is_known(operation) for operation in migration.operations):
        return []
    known = linting.known_of(releases.all_releases())
    listed = [Statement(str(step), text, bool(migration.atomic), known) for text in step.forward]
    found = [finding for statement in listed for finding in statements.check(statement)]
    return [*found, *squawk.check(listed)]


def _seen(
    step: SchemaStep, measured: Sequence[Measured], said: set[tuple[str, str]]
) -> Iterator[Finding]:
    """What only the rehearsal showed: tables written anew, or read while others wait."""
    known = linting.known_of([])
    waiting: set[str] = set()
    for one in measured:
        if step.mode != SchemaStep.Mode.REPLAY:
            waiting = set()  # each statement is a transaction of its own
        waiting |= {lock.table for lock in one.locks if lock.mode in STOPS_WRITES}
        statement = Statement(str(step), one.statement, atomic=True, known=known)
        for table in set(one.rewritten) - _tables(step, said):
            yield statement.finding("table_rewritten", table=table)
        for table in (set(one.scanned) & waiting) - set(one.rewritten) - _tables(step, said):
            yield statement.finding("table_scanned", table=table).as_warning()


def _tables(step: SchemaStep, said: set[tuple[str, str]]) -> set[str]:
    return {table for migration, table in said if migration == str(step)}


def _planned(step: SchemaStep, measured: Sequence[Measured]) -> PlannedStep:
    locks = rehearsals.strongest(lock for one in measured for lock in one.locks)
    return PlannedStep(
        migration=str(step),
        mode=step.mode,
        statements=list(step.forward),
        locks=sorted(str(lock) for lock in locks),
        rewritten=sorted({table for one in measured for table in one.rewritten}),
        scanned=sorted({table for one in measured for table in one.scanned}),
        milliseconds=round(sum(one.milliseconds for one in measured), 3),
        reversible=step.backward is not None,
    )


def _target(using: str) -> SchemaVersion:
    found = versions.recorded(using=using)
    if found is None:
        found = recordings.record(fingerprint=versions.of_code(), using=using)
        found.save(using=using)
    return found


def _behind(using: str) -> Iterable[tuple[SchemaVersion, int, int]]:
    """The versions that schemas stand at, but for the code's, with how many there are of each."""
    counted = (
        Schema.objects.using(using)
        .exclude(version__fingerprint=versions.of_code())
        .values("version")
        .annotate(
            workspaces=Count("pk", filter=Q(kind=Schema.Kind.WORKSPACE)),
            prepared=Count("pk", filter=Q(kind=Schema.Kind.PREPARED)),
        )
        .order_by("-workspaces")
    )
    for row in counted:
        # Before public's own migrations have run, newer columns of the version are not there.
        needed = SchemaVersion.objects.using(using).only("fingerprint", "migrations", "ddl")
        origin = needed.get(pk=row["version"])
        yield origin, row["workspaces"], row["prepared"]


def _is_behind(schema_name: str, using: str) -> bool:
    rows = Schema.objects.using(using).filter(name=schema_name)
    return rows.exclude(version__fingerprint=versions.of_code()).exists()


def _stands_at(schema_name: str, version: SchemaVersion, using: str) -> bool:
    rows = Schema.objects.using(using).filter(name=schema_name, version=version)
    return rows.exists()


def _in_workspaces(node: Node) -> bool:
    return apps.get_app_config(node[0]).name in settings.TENANT_APPS
