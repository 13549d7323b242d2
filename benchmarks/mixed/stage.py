"""A database with the load's workspaces, and its processes run against it by way of PgBouncer."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import django
import psycopg
from django.conf import settings

from benchmarks.mixed import rows

ROOT = Path(__file__).resolve().parents[2]


class Stand(NamedTuple):
    """A database with marked workspaces; `application` and `owner` are addresses of it."""

    application: str
    owner: str
    schemas: tuple[str, ...]


@contextmanager
def stand(*, workspaces: int) -> Iterator[Stand]:
    """A copy of the tests' database with so many marked workspaces, for as long as the block."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    logging.disable(logging.WARNING)
    from tests.fixtures import database

    with database.prepared_database("bench"):
        application, owner = address("default"), address("owner")
        yield Stand(application, owner, found(owner, workspaces))


def address(alias: str) -> str:
    """One of Django's databases as an address."""
    about = settings.DATABASES[alias]
    person = f"{quote(about['USER'])}:{quote(about['PASSWORD'])}"
    return f"postgresql://{person}@{about['HOST']}:{about['PORT']}/{about['NAME']}"


def found(owner_url: str, count: int) -> tuple[str, ...]:
    """Found so many workspaces in the database Django is on, and mark them; their schemas."""
    from apps.accounts.models import User
    from apps.tenants.models import Tenant
    from apps.tenants.services import tenants

    by = User.objects.create_user("load@toolboxai.example", None, name="Load")
    for number in range(1, count + 1):
        slug = f"load-{number:02}"
        tenants.create_now(name=slug, slug=slug, kind="school", by=by, report=lambda *_: None)
    schemas = tuple(
        Tenant.objects.filter(slug__startswith="load-").values_list("schema_name", flat=True)
    )
    with psycopg.connect(owner_url, autocommit=True) as owner:
        rows.mark(owner, schemas)
    return schemas


def run(
    requests: int, *, database: str, owner: str, kill: bool, processes: int = 2, **about: str
) -> dict[str, Any]:
    """The sum of the processes' tallies, with `rate` in requests a second. `about` adds to their
    environment.
    """
    command = [sys.executable, "-m", "benchmarks.mixed", str(-(-requests // processes))]
    if kill:
        command.append("--kill")
    env = {
        **os.environ,
        "DATABASE_URL": database,
        "DATABASE_OWNER_URL": owner,
        "DATABASE_POOL_SIZE": "16",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        **about,
    }
    started = [
        subprocess.Popen([*command, "--seed", str(n)], cwd=ROOT, env=env, stdout=subprocess.PIPE)
        for n in range(1, processes + 1)
    ]
    tallies = [json.loads(process.communicate()[0]) for process in started]
    return _sum(tallies)


def _sum(tallies: list[dict[str, Any]]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for name, value in tallies[0].items():
        parts = [tally[name] for tally in tallies]
        whole[name] = sum(map(Counter, parts), Counter()) if isinstance(value, dict) else sum(parts)
    whole["seconds"] = max(tally["seconds"] for tally in tallies)
    whole["rate"] = whole["requests"] / whole["seconds"]
    return whole
