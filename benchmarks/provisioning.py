"""A new workspace: claimed by a sign-up beside stock django-tenants' `create_schema`, in one run.

    python -m embedded exec --profile test -- python -m benchmarks.provisioning [10 100 1000]

At each number of workspaces, in one database of its own: stock makes a schema over stock's own
backend; the pool is filled one by one; `tenants.create`, the whole service with rows, audit,
ledger, mail job and messages to the broker, claims one after the other. Stock is timed without its
start-up. Afterwards each claimed schema must look as stock's does, down to every default, and be
its workspace's.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

DATABASE = "bench_provisioning"
STOCK_ROUNDS, CLAIMS = 3, 30
AIM_CLAIM, AIM_RATIO, AIM_REFILL = 0.025, 200, 0.4


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", type=int, nargs="*", default=[10, 100])
    sizes = sorted(parser.parse_args().sizes)
    with database():
        from django.core.management import call_command

        call_command("fleet", "migrate", stdout=sys.stderr)
        founder = make_founder()
        print(
            f"{'workspaces':>10}  {'stock':>8}  {'claim p50':>9}  {'p95':>7}  ratio    refill one"
        )
        for size in sizes:
            grow(size, founder)
            report(size, *measure(size, founder))


@contextmanager
def database() -> Iterator[None]:
    """Django in a new, empty database, dropped afterwards."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["LOG_LEVEL"] = "ERROR"
    import django
    from django.conf import settings
    from django.db import connections

    server_url = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    name = sql.Identifier(DATABASE)
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        server.execute(sql.SQL("CREATE DATABASE {}").format(name))
        for about in settings.DATABASES.values():
            about["NAME"] = DATABASE
        django.setup()
        try:
            yield
        finally:
            connections.close_all()
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def make_founder() -> Any:
    from apps.accounts.models import User

    return User.objects.create_user("founder@bench.example", None, name="Founder")


def grow(size: int, founder: Any) -> None:
    """Workspaces up to `size`, the quick way."""
    from django.db import transaction

    from apps.fleet.models import Schema
    from apps.fleet.services import schemas
    from apps.tenants.models import Tenant

    for number in range(Schema.objects.count(), size):
        name = f"w_grown_{number}"
        with transaction.atomic():
            schemas.build(schema_name=name)
            Tenant(
                name=name, slug=name.replace("_", "-"), schema_name=name, created_by=founder,
                email=founder.email, state=Tenant.State.ACTIVE,
            ).save()  # fmt: skip
    as_owner("ANALYZE")


def measure(size: int, founder: Any) -> tuple[list[float], list[float], list[float]]:
    """Seconds of stock, of refills and of claims."""
    stock = [timed(make_stock, f"w_stock_{n}") for n in range(STOCK_ROUNDS)]
    refills = [timed(fill_to, n + 1) for n in range(CLAIMS)]
    claims = [timed(claim, f"claim-{size}-{n}", founder) for n in range(CLAIMS)]
    verify(size)
    for number in range(STOCK_ROUNDS):
        as_owner(f"DROP SCHEMA w_stock_{number} CASCADE")
    return stock, refills, claims


def timed(work: Callable[..., object], *arguments: Any) -> float:
    begun = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begun


def make_stock(name: str) -> None:
    """As `Tenant.save()` of an unchanged django-tenants does, on its own backend."""
    from django.conf import settings
    from django.db import connections
    from django.db.utils import load_backend

    from apps.fleet.services.ownership import owner_alias
    from apps.tenants.models import Tenant

    engine = load_backend("django_tenants.postgresql_backend").DatabaseWrapper
    ours = connections["default"]
    connections["default"] = engine(connections[owner_alias()].settings_dict, "default")
    settings.DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
    try:
        Tenant(schema_name=name).create_schema(check_if_exists=True, verbosity=0)
    finally:
        connections["default"].close()
        connections["default"] = ours


def fill_to(number: int) -> None:
    from django.conf import settings

    from apps.fleet.services import pool

    settings.FLEET_POOL_SIZE = number
    if pool.refill() != 1:
        raise SystemExit("The pool did not grow by one.")


def claim(slug: str, founder: Any) -> None:
    from apps.tenants.services import tenants

    tenant = tenants.create(name=slug.capitalize(), slug=slug, kind="school", by=founder)
    if tenant.state != tenant.State.ACTIVE:
        raise SystemExit(f"{slug} was not open at once.")


def verify(size: int) -> None:
    from apps.fleet.models import Schema
    from apps.tenants.models import Tenant

    claimed = Tenant.objects.filter(slug__startswith=f"claim-{size}-").values_list("schema_name")
    names = [name for (name,) in claimed]
    looks = as_owner("SELECT DISTINCT fleet.structure_hash(n) FROM unnest(%s::text[]) n", names)
    stock = as_owner("SELECT fleet.structure_hash('w_stock_0')")
    if looks != stock or stock == [(None,)]:
        raise SystemExit("A claimed schema does not look like stock's.")
    if Schema.objects.workspaces().filter(name__in=names).count() != CLAIMS:
        raise SystemExit("The ledger does not have every claimed schema.")


def as_owner(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    from django.db import connections

    from apps.fleet.services.ownership import owner_alias

    with connections[owner_alias()].cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return list(cursor.fetchall()) if cursor.description else []


def report(size: int, stock: list[float], refills: list[float], claims: list[float]) -> None:
    base, half, refill = (statistics.median(times) for times in (stock, claims, refills))
    tail = statistics.quantiles(claims, n=20)[-1]
    missed = [
        name
        for name, reached in {
            f"claim <= {AIM_CLAIM * 1000:.0f} ms": half <= AIM_CLAIM,
            f"ratio >= {AIM_RATIO}": base / half >= AIM_RATIO,
            f"refill <= {AIM_REFILL} s": refill <= AIM_REFILL,
        }.items()
        if not reached
    ]
    outcome = f"missed: {', '.join(missed)}" if missed else "aims reached"
    print(
        f"{size:>10}  {base:6.2f} s  {half * 1000:6.1f} ms  {tail * 1000:4.0f} ms"
        f"  {base / half:5.0f}  {refill * 1000:7.0f} ms  {outcome}"
    )


if __name__ == "__main__":
    main()
