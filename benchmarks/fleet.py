"""Bringing many workspaces up to date: `fleet migrate` beside stock django-tenants, in one run.

    python -m embedded exec --profile test -- python -m benchmarks.fleet 10 100 1000

For each size two databases alike: so many workspaces with this product's tables. In one of them
ours, in the other stock does nothing, and then one AddField, as commands with their start-up;
only "nothing to do" is shown without ours, the least of several of each. State is verified
afterwards: the column in every schema, and the whole structure of ours. Above 100 workspaces
stock migrates a sample of them, `--whole` makes it do all (a quarter of an hour at 1000).
Aims: nothing to do in 100 ms beyond start-up, one AddField in 5 s, 150 times stock.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
SAMPLE, WHOLE_UP_TO, IDLE_RUNS = 10, 100, 7
IDLE_AIM, CHANGE_AIM, RATIO_AIM = 0.1, 5.0, 150.0
COMMON = """
from config.settings import *

for _alias in DATABASES.values():
    _alias["NAME"] = {ours!r}
MIGRATION_MODULES = {{**globals().get("MIGRATION_MODULES", {{}}), "marks": "bench_marks"}}
"""
STOCK = """
from bench_ours import *

DATABASES = {{"default": {{**DATABASES.get("owner", DATABASES["default"])}}}}
DATABASES["default"].pop("WORKSPACE_IN", None)
DATABASES["default"]["ENGINE"] = "django_tenants.postgresql_backend"
DATABASES["default"]["NAME"] = {stock!r}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
TENANT_SYNC_ROUTER = DATABASE_ROUTERS[0]
"""
ADD_FIELD = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("marks", {before!r})]
    operations = [
        migrations.AddField(
            "workspacemark", {column!r}, models.CharField(max_length=9, db_default="")
        ),
    ]
"""
BUILD = """
from django.db import connection, transaction
from apps.accounts.models import User
from apps.fleet.services import owner, versions
from apps.tenants.models import Tenant

with owner.session():
    version = versions.recorded()
    person = User.objects.create_user("bench@toolboxai.example", None, name="Bench")
    for number in range({number}):
        name = f"w_bench_{{number:04}}"
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT fleet.build_schema(%s, %s)", [name, version.pk])
            Tenant(
                name=name, slug=f"bench-{{number:04}}", schema_name=name, email=person.email,
                created_by=person, state="active",
            ).save()
"""
# What any command costs that asks the database one question.
START_UP = "from django.db import connection; connection.cursor().execute('SELECT 1')"
ONE_BY_ONE = """
import time
from django.core.management import call_command

for number in range(0, {size}, {step}):
    begun = time.perf_counter()
    call_command("migrate_schemas", schema_name=f"w_bench_{{number:04}}", verbosity=0)
    print("took", time.perf_counter() - begun)
"""
# Stock notes the migrations of all apps in each workspace, also those that make nothing there.
NOTE_ALL = """
DO $$ DECLARE space text; BEGIN
  FOR space IN SELECT nspname FROM pg_namespace WHERE nspname LIKE 'w\\_bench\\_%' LOOP
    EXECUTE format('INSERT INTO %I.django_migrations (app, name, applied) SELECT app, name, now()'
      ' FROM public.django_migrations p WHERE NOT EXISTS (SELECT FROM %I.django_migrations w'
      ' WHERE w.app = p.app AND w.name = p.name)', space, space);
  END LOOP;
END $$
"""
HAVE_COLUMN = """
SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname LIKE 'w\\_bench\\_%' AND c.relname = 'marks_workspacemark' AND a.attname = 'colour'
"""


@dataclass(frozen=True)
class Row:
    size: int
    measure: str
    ours: float
    stock: float
    aim: float
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.stock / self.ours

    @property
    def reached(self) -> bool:
        return self.ours <= self.aim and (self.measure != "AddField" or self.ratio >= RATIO_AIM)

    def __str__(self) -> str:
        return (
            f"{self.size:>5}  {self.measure:<14} {self.ours:8.2f} s {self.stock:10.1f} s"
            f" {self.ratio:8.0f}x   aim {self.aim:g} s  {self.note}"
        )


class Bench:
    """Two databases with the same workspaces, and settings for each beside this checkout's."""

    def __init__(self, folder: Path, server: psycopg.Connection[Any], size: int) -> None:
        self.folder, self.size = folder, size
        self.names = {whose: f"bench_fleet_{whose}_{size}" for whose in ("ours", "stock")}
        self._server = server
        shutil.copytree(ROOT / "apps/marks/migrations", folder / "bench_marks")
        (folder / "bench_ours.py").write_text(COMMON.format(**self.names))
        (folder / "bench_stock.py").write_text(STOCK.format(**self.names))

    def fill(self) -> None:
        ours, stock = map(sql.Identifier, self.names.values())
        self._server.execute(sql.SQL("CREATE DATABASE {}").format(ours))
        self.time("ours", "fleet", "migrate")
        self.time("ours", "shell", "--no-imports", "-c", BUILD.format(number=self.size))
        self.query("ours", "VACUUM ANALYZE")
        self._server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(stock, ours))
        self.query("stock", NOTE_ALL)

    def drop(self) -> None:
        for name in map(sql.Identifier, self.names.values()):
            self._server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def release(self, column: str) -> None:
        files = self.folder / "bench_marks"
        last = max(path.stem for path in files.glob("0*.py"))
        name = f"{int(last[:4]) + 1:04}_{column}"
        (files / f"{name}.py").write_text(ADD_FIELD.format(before=last, column=column))

    def time(self, whose: str, *command: str) -> float:
        """Seconds of a `manage.py` command, start-up included."""
        begun = time.perf_counter()
        self.run(whose, *command)
        return time.perf_counter() - begun

    def run(self, whose: str, *command: str) -> str:
        """What a `manage.py` command prints; its failure ends the benchmark."""
        done = subprocess.run(
            [sys.executable, ROOT / "manage.py", *command],
            env=os.environ
            | {"PYTHONPATH": str(self.folder), "DJANGO_SETTINGS_MODULE": f"bench_{whose}"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            said = f"{done.stdout[-2000:]}{done.stderr[-4000:]}"
            raise SystemExit(f"{' '.join(command)} failed:\n{said}")
        return done.stdout

    def stock(self, *, whole: bool) -> float:
        """Seconds of stock for the whole fleet; of a sample, multiplied, where that is wanted."""
        if whole:
            return self.time("stock", "migrate_schemas", "--tenant")
        script = ONE_BY_ONE.format(size=self.size, step=self.size // SAMPLE)
        begun = time.perf_counter()
        said = self.run("stock", "shell", "--no-imports", "-c", script)
        taken = [float(line.split()[1]) for line in said.splitlines() if line.startswith("took ")]
        start = time.perf_counter() - begun - sum(taken)
        return start + statistics.median(taken) * self.size

    def demand(self, whose: str, number: int) -> None:
        """As many schemas with the new column as were to get it."""
        found = self.query(whose, HAVE_COLUMN)
        if found != number:
            raise SystemExit(f"{whose}: {found} of {number} schemas have the new column")

    def query(self, whose: str, statement: str) -> Any:
        info = self._server.info
        with psycopg.connect(
            host=info.host, port=info.port, user=info.user, password=info.password,
            dbname=self.names[whose], autocommit=True,
        ) as database:  # fmt: skip
            cursor = database.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None


def main() -> int:
    """Print the table; 0 when every aim is reached."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", type=int, default=[10, 100])
    parser.add_argument("--whole", action="store_true", help="stock migrates all, at any size")
    wanted = parser.parse_args()
    rows: list[Row] = []
    print(f"{'N':>5}  {'measure':<14} {'ours':>10} {'stock':>12} {'ratio':>9}", flush=True)
    for size in wanted.sizes:
        with _database(size) as bench:
            for row in _measure(bench, whole=wanted.whole or size <= WHOLE_UP_TO):
                rows.append(row)
                print(row, flush=True)
    return int(not all(row.reached for row in rows))


def _measure(bench: Bench, *, whole: bool) -> Iterator[Row]:
    bench.fill()
    note = "" if whole else f"stock: {SAMPLE} of {bench.size}, multiplied"
    starts, idles = [], []
    for _ in range(IDLE_RUNS):
        starts.append(bench.time("ours", "shell", "--no-imports", "-c", START_UP))
        idles.append(bench.time("ours", "fleet", "migrate"))
    idle = max(min(idles) - min(starts), 0.001)
    yield Row(bench.size, "nothing to do", idle, bench.stock(whole=whole), IDLE_AIM, note)
    bench.release("colour")
    ours = bench.time("ours", "fleet", "migrate")
    bench.demand("ours", bench.size)
    bench.time("ours", "fleet", "verify")
    stock = bench.stock(whole=whole)
    bench.demand("stock", bench.size if whole else SAMPLE)
    yield Row(bench.size, "AddField", ours, stock, CHANGE_AIM, note)


@contextmanager
def _database(size: int) -> Iterator[Bench]:
    """A database that is dropped afterwards, also after a failure."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings

    about = settings.DATABASES.get("owner", settings.DATABASES["default"])
    with (
        tempfile.TemporaryDirectory(prefix="toolboxai-bench-") as folder,
        psycopg.connect(
            host=about["HOST"], port=about["PORT"], user=about["USER"],
            password=about["PASSWORD"], dbname="postgres", autocommit=True,
        ) as server,
    ):  # fmt: skip
        bench = Bench(Path(folder), server, size)
        try:
            yield bench
        finally:
            bench.drop()


if __name__ == "__main__":
    sys.exit(main())
