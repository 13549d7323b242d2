"""Looking, in production and all the time, whether every workspace is shown its own rows."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import chain

from django.db import connection, transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.isolation.models import Probe
from apps.isolation.services import alarms, marks
from apps.isolation.services.marks import Sighting
from apps.tenants.models import Tenant

WORKSPACES = 20
THREADS = 4
KEPT = timedelta(days=7)
UNREADY = (Tenant.State.PROVISIONING, Tenant.State.FAILED)


def take(*, process: str, workspaces: int = WORKSPACES, threads: int = THREADS) -> Probe:
    """Read the marks of so many workspaces, chosen at random, over several connections of this
    process at once, each going to and fro between two workspaces, with errors in between.

    A foreign mark is written down, logged as an error and told to the operators. With
    `threads=1` all is read over the caller's own connection.
    """
    started, schemas = time.perf_counter(), _choose(workspaces)
    seen, beyond = _look(schemas, threads)
    foreign = [sighting for sighting in seen if sighting.is_foreign]
    probe = Probe(
        process=process,
        node=f"{socket.gethostname()[:80]}:{os.getpid()}",
        milliseconds=round(1000 * (time.perf_counter() - started), 1),
        workspaces=len(schemas),
        reads=len(seen),
        foreign=len(foreign),
        unwalled=len(beyond),
        findings=[sighting.as_finding() for sighting in dict.fromkeys([*foreign, *beyond])],
    )
    _record(probe)
    return probe


def complaints(schema_names: Sequence[str]) -> Iterator[str]:
    """A sentence for each foreign mark that some of these workspaces are shown: the fleet asks
    this of every ring of a rollout, as the application.
    """
    step = max(1, len(schema_names) // WORKSPACES)
    seen, beyond = _look(schema_names[::step], threads=1)
    for sighting in [*(each for each in seen if each.is_foreign), *beyond]:
        yield f"{sighting.asked} was shown {sighting.shown} ({sighting.way})"


def latest() -> list[Probe]:
    """The newest probe of each kind of process."""
    return list(Probe.objects.order_by("process", "-started_at").distinct("process"))


def _choose(count: int) -> list[str]:
    with schema_context("public"):
        found = Tenant.objects.exclude(state__in=UNREADY).order_by("?")
        return list(found.values_list("schema_name", flat=True)[:count])


def _look(schemas: Sequence[str], threads: int) -> tuple[list[Sighting], list[Sighting]]:
    shares = [schemas[number::threads] for number in range(threads)]
    if threads == 1:
        found = [_go_to_and_fro(schemas)]
    else:
        with ThreadPoolExecutor(threads) as pool:
            found = list(pool.map(_on_a_connection, shares))
    seen, beyond = zip(*found, strict=True)
    return list(chain(*seen)), list(chain(*beyond))


def _on_a_connection(schemas: Sequence[str]) -> tuple[list[Sighting], list[Sighting]]:
    try:
        return _go_to_and_fro(schemas)
    finally:
        connection.close()


def _go_to_and_fro(schemas: Sequence[str]) -> tuple[list[Sighting], list[Sighting]]:
    seen: list[Sighting] = []
    beyond: list[Sighting] = []
    for first, second in zip(schemas, [*schemas[1:], *schemas[:1]], strict=True):
        seen += [*marks.read(schema_name=first), *marks.read(schema_name=second)]
        if first != second and _has_walls():
            beyond += marks.reach_over(schema_name=first, neighbour=second)
    return seen, beyond


def _has_walls() -> bool:
    """Without roles of their own (a database with one role for all) there is nothing to refuse."""
    return bool(connection.settings_dict.get("WORKSPACE_ROLES", True))


def _record(probe: Probe) -> None:
    with schema_context("public"), transaction.atomic():
        if probe.is_alarming:
            alarms.sound(probe=probe)
        probe.save(force_insert=True)
        old = Probe.objects.filter(started_at__lt=timezone.now() - KEPT, foreign=0, unwalled=0)
        old.delete()
