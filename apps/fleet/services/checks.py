"""What must hold of a ring before the next one follows.

Apps above offer checks of their own in `AppConfig.ready`:

    checks.register("isolation", marks_stand)

    def marks_stand(schema_names: Sequence[str]) -> Iterable[str]:
        yield "w_lincoln has lost its mark"
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django_tenants.utils import schema_context
from psycopg import sql

from apps.fleet.models import Schema
from apps.fleet.services import drift, owner, structures

Check = Callable[[Sequence[str]], Iterable[str]]
READ_AT_MOST = 40
LOOKERS, SHARED_FROM = 2, 100
SHOWN = 10
COMMAND_SECONDS = 600
_registered: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    """Have `check` asked about each ring's schemas, as the application; it yields sentences on
    what is wrong. It should look at a few of them where a look is not cheap.
    """
    _registered[name] = check


def problems(*, ring: str, schema_names: Sequence[str], command: str = "") -> list[str]:
    """All that is wrong with these schemas, each at its own version; empty when all is well."""
    found = differing(schema_names=schema_names)
    # The application may enter no prepared schema: it has no role before somebody claims it.
    rows = Schema.objects.workspaces().filter(name__in=schema_names).order_by("name")
    entered = list(rows.values_list("name", flat=True))
    with owner.application():
        found += _unreadable(entered)
        for name, check in _registered.items():
            found += [f"{name}: {problem}" for problem in check(entered)]
    return found + list(_run(command, ring))


def summarise(found: Sequence[str]) -> str:
    """The first few, one a line, and how many more there are."""
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return "\n".join([*found[:SHOWN], *more])


def differing(*, schema_names: Sequence[str]) -> list[str]:
    """A sentence for each schema that does not look as its version says. As the owner."""
    if len(schema_names) < SHARED_FROM:
        return _differing(schema_names)
    # The server works on each look with one of its cores.
    shares = [schema_names[start::LOOKERS] for start in range(LOOKERS)]
    with ThreadPoolExecutor(LOOKERS) as pool:
        return sorted(line for lines in pool.map(_differing_apart, shares) for line in lines)


def _differing(schema_names: Sequence[str]) -> list[str]:
    found = drift.report(schema_names=schema_names, using="default")
    return [f"{each.schema_name}: {_first_of(each.tables)}" for each in found]


def _differing_apart(schema_names: Sequence[str]) -> list[str]:
    with owner.session():
        return _differing(schema_names)


def differing_in_structure(*, schema_names: Sequence[str]) -> list[str]:
    """The part of it that the application may see for itself, without a workspace's role."""
    rows = Schema.objects.filter(name__in=schema_names).select_related("version")
    lines = []
    for row in rows.order_by("name"):
        found, digest = structures.read(connection, schema_name=row.name)
        if digest != row.version.structure_hash:
            tables = structures.compare(expected=row.version.structure, found=found)
            lines.append(f"{row.name}: {_first_of(tables)}")
    return lines


def _first_of(tables: dict[str, list[str]]) -> str:
    lines = [f"{table} {line}" for table, lines in tables.items() for line in lines]
    more = f" and {len(lines) - 1} more: `fleet verify` lists them" if len(lines) > 1 else ""
    return lines[0] + more


def _unreadable(schema_names: Sequence[str]) -> Iterator[str]:
    """Reads every table with every column of the code, in some of many schemas."""
    step = max(1, len(schema_names) // READ_AT_MOST)
    query = sql.SQL("; ").join(_reads())
    for name in schema_names[::step]:
        try:
            with schema_context(name), connection.cursor() as cursor:
                cursor.execute(query)
        except DatabaseError as error:
            yield f"{name} cannot be read: {error}".strip()


def _reads() -> Iterator[sql.Composable]:
    for config in apps.get_app_configs():
        if config.name in settings.TENANT_APPS:
            for model in config.get_models(include_auto_created=True):
                columns = [sql.Identifier(str(f.column)) for f in model._meta.concrete_fields]
                yield sql.SQL("SELECT {} FROM {} LIMIT 1").format(
                    sql.SQL(", ").join(columns),
                    sql.Identifier(model._meta.db_table),
                )


def _run(command: str, ring: str) -> Iterator[str]:
    if not command:
        return
    words = [word.replace("{ring}", ring) for word in shlex.split(command)]
    try:
        # The operator's own words, from the operator's own command line.
        done = subprocess.run(  # noqa: S603
            words, capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        yield f"`{command}` did not run: {error}"
        return
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:]
        yield f"`{command}` ended with {done.returncode}{': ' if said else ''}{''.join(said)}"
