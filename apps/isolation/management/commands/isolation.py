from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.isolation.models import Probe
from apps.isolation.services import probes


class Command(BaseCommand):
    help = (
        "Whether workspaces are shown their own rows only: `isolation probe`, `isolation status`."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        probe = verbs.add_parser("probe", help="look now, through this process' own connections")
        probe.add_argument("--workspaces", type=int, default=probes.WORKSPACES, help="how many")
        probe.add_argument(
            "--threads", type=int, default=probes.THREADS, help="connections at once"
        )
        verbs.add_parser("status", help="when each kind of process last looked, and what it saw")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["verb"] == "status":
            self._status()
        else:
            self._probe(options["workspaces"], options["threads"])

    def _probe(self, workspaces: int, threads: int) -> None:
        taken = probes.take(
            process=Probe.Process.COMMAND, workspaces=max(1, workspaces), threads=max(1, threads)
        )
        self._show(taken)
        if taken.is_alarming:
            raise CommandError("Workspaces see each other's rows: see docs/runbooks/isolation.md.")

    def _status(self) -> None:
        for probe in probes.latest():
            self._show(probe)
        if leaks := Probe.objects.alarming().count():
            raise CommandError(f"{leaks} probes found a leak; the console lists them.")

    def _show(self, probe: Probe) -> None:
        self.stdout.write(
            f"{probe.started_at:%Y-%m-%d %H:%M:%S} UTC  {probe.process:<8} {probe.workspaces} "
            f"workspaces, {probe.reads} marks read in {probe.milliseconds:.0f} ms: "
            f"{probe.foreign} foreign, {probe.unwalled} through the wall"
        )
        for finding in probe.findings:
            self.stdout.write("  {asked} was shown {shown} ({way})".format(**finding))
