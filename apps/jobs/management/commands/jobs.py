"""`manage.py jobs …`: dead letters and what waits."""

from __future__ import annotations

import json
import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime, parse_duration
from django_tenants.utils import get_tenant_model

from apps.core.errors import DomainError, Invalid
from apps.core.ids import uuid7
from apps.jobs.models import JobRun, JobRunQuerySet
from apps.jobs.services import lanes, outcomes, replays, runs, schedules, workers

MATCHING = ("list", "replay", "discard")
AGE = re.compile(r"(?P<number>[0-9]{1,5})(?P<unit>[smhd])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Command(BaseCommand):
    help = "Jobs that failed for good, schedules, workers: look, run again, discard, cancel."

    def add_arguments(self, parser: CommandParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        parts = {
            "list": "dead letters, the oldest first",
            "replay": "run these, or all that match, again",
            "discard": "leave these, or all that match, as they are",
        }
        for name in MATCHING:
            part = deeds.add_parser(name, help=parts[name])
            part.add_argument("ids", nargs="*", help="of jobs; instead of what follows")
            part.add_argument("--name", default="", help="of the task, as roblox.deploy")
            part.add_argument("--workspace", default="", help="as lincoln, or its schema")
            part.add_argument("--code", default="", help="of the problem, as worker_lost")
            part.add_argument(
                "--since",
                type=_moment,
                help="failed then or later: 2026-11-27T08:00Z, or 2h for two hours ago",
            )
            part.add_argument("--until", type=_moment, help="failed then or before")
            part.add_argument("--all", action="store_true", help="no matter which")
        deeds.choices["discard"].add_argument(
            "--reason", required=True, help="why nobody needs them; the workspace's people read it"
        )
        for name, text in (("show", "all that is known of one"), ("cancel", "stop one")):
            deeds.add_parser(name, help=text).add_argument("id")
        lane = deeds.add_parser("lanes", help="closed lanes; with --open, open one again")
        lane.add_argument("--open", default="", metavar="LANE", help="as roblox:group-42")
        deeds.add_parser("schedules", help="of beat: last run, outcome, next run, late or not")
        deeds.add_parser("workers", help="which there are, and what they run now")

    def handle(self, *_: Any, deed: str, **options: Any) -> None:
        try:
            getattr(self, f"_{deed}")(**options)
        except Invalid as error:
            raise CommandError(" ".join(chain(*error.errors.values()))) from error
        except DomainError as error:
            raise CommandError(error.detail) from error

    def _list(self, **options: Any) -> None:
        found = _rows({**options, "all": True})
        if not found:
            self.stdout.write("No dead letters.")
        for run in found:
            problem = run.problem or {}
            ended = f"{run.finished_at:%Y-%m-%d %H:%M} UTC"
            line = f"{run.pk}  {ended}  {run.name}  {run.schema_name}  {problem.get('code', '')}"
            self.stdout.write(f"{line}: {problem.get('detail', '')}")

    def _replay(self, **options: Any) -> None:
        count, refusals = replays.replay_all(rows=_rows(options), by=None)
        for refusal in refusals:
            self.stderr.write(refusal.detail)
        others = f", {len(refusals)} do not" if refusals else ""
        self.stdout.write(f"{count} {'runs' if count == 1 else 'run'} again{others}.")

    def _discard(self, *, reason: str, **options: Any) -> None:
        count = replays.discard(rows=_rows(options), reason=reason, by=None)
        self.stdout.write(f"{count} discarded.")

    def _cancel(self, *, id: str, **_: Any) -> None:  # noqa: A002 -- the command's argument
        run = outcomes.cancel(run=runs.find(run_id=_id(id)), by=None)
        ends = "is cancelled" if run.is_final else "is being cancelled: it stops where it reports"
        self.stdout.write(f"{run.title} {ends}.")

    def _show(self, *, id: str, **_: Any) -> None:  # noqa: A002 -- the command's argument
        run = runs.find(run_id=_id(id))
        for field in JobRun._meta.concrete_fields:
            value = getattr(run, field.attname)
            if value not in (None, "", {}) and field.name not in {"traceback", "private_arguments"}:
                text = json.dumps(value) if isinstance(value, dict) else value
                self.stdout.write(f"{field.name:<18} {text}")
        for member in run.family:
            problem = (member.problem or {}).get("detail", "")
            line = f"  {member.stage}  {member.pk}  {member.state:<9}  {member.name}  {problem}"
            self.stdout.write(line.rstrip())
        if run.traceback:
            self.stdout.write(run.traceback)

    def _schedules(self, **_: Any) -> None:
        for one in schedules.overview():
            self.stdout.write(f"{one.task.name}: {one.words}")
            self.stdout.write(f"  {one.often}; when missed: {schedules.misses_of(one.task)}")
            last = f"last run {_utc(one.started_at)} ({schedules.outcome_of(one.task)})"
            self.stdout.write(
                f"  {last if one.started_at else 'no run yet'}; next run {_utc(one.next_at)}"
            )

    def _workers(self, **_: Any) -> None:
        for one in workers.overview():
            worker = one.worker
            self.stdout.write(
                f"{worker.name}: {worker.state}; {worker.concurrency} at a time of {worker.queues};"
                f" heartbeat {_utc(worker.heartbeat_at)}"
            )
            for work in one.works:
                about = " ".join(str(part) for part in (work.workspace, work.run_id) if part)
                self.stdout.write(f"  {work.title} {about} since {_utc(work.since)}")

    def _lanes(self, *, open: str, **_: Any) -> None:  # noqa: A002 -- the command's option
        if open:
            done = lanes.open_again(open)
            self.stdout.write(f"{open} {'is open again' if done else 'was not closed'}.")
        closed = lanes.closed_until()
        if not closed:
            self.stdout.write("No lane is closed.")
        for lane, until in sorted(closed.items()):
            self.stdout.write(f"{lane} until {_utc(datetime.fromtimestamp(until, UTC))}")


def _utc(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "-"


def _rows(options: dict[str, Any]) -> JobRunQuerySet:
    names = ("name", "code", "since", "until")
    match = {name: options[name] for name in names if options[name]}
    if options["workspace"]:
        match["workspace"] = _schema(options["workspace"])
    if options["ids"]:
        if match:
            raise CommandError("Give ids, or say which; not both.")
        wanted = {_id(text) for text in options["ids"]}
        found = JobRun.objects.dead().filter(pk__in=wanted)
        missing = wanted - set(found.values_list("pk", flat=True))
        if missing:
            raise CommandError(f"No dead letter: {', '.join(sorted(map(str, missing)))}.")
        return found
    if not match and not options["all"]:
        raise CommandError("Say which: ids, --name, --workspace, --code, --since, or --all.")
    return replays.Match(**match).rows()


def _schema(text: str) -> str:
    """That of a workspace by its name in addresses. A schema is taken as it is: dead letters of a
    workspace that is gone are found by it.
    """
    if text == "public" or text.startswith("w_"):
        return text
    found = get_tenant_model().objects.filter(slug=text).values_list("schema_name", flat=True)
    if not found:
        raise CommandError(f"There is no workspace {text}.")
    return str(found[0])


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise CommandError(f"{text} is no job's id, such as {uuid7()}.") from None


def _moment(text: str) -> datetime:
    """`2h` is two hours ago; so are `02:00:00` and the moment itself."""
    if found := AGE.fullmatch(text):
        return timezone.now() - timedelta(**{UNITS[found["unit"]]: int(found["number"])})
    try:
        age = parse_duration(text) if text.count(":") > 1 and "-" not in text else None
        moment = timezone.now() - age if age else parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise ArgumentTypeError(f"{text!r} is no time: write 2026-11-27T08:00Z, or 30m, 2h, 3d.")
    return moment if timezone.is_aware(moment) else moment.replace(tzinfo=UTC)
