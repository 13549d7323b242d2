"""`manage.py jobs …`: dead letters and what waits."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime, parse_duration

from apps.core.errors import DomainError
from apps.jobs.models import JobRun, JobRunQuerySet
from apps.jobs.services import lanes, outcomes, replays, runs, schedules, workers

MATCHING = ("list", "replay", "discard")


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
            part.add_argument("--workspace", default="", help="its schema")
            part.add_argument("--code", default="", help="of the problem, as worker_lost")
            part.add_argument("--since", type=_moment, help="2026-11-27T08:00Z, or an age as 02:00")
            part.add_argument("--until", type=_moment, help="as --since")
            part.add_argument("--all", action="store_true", help="all dead letters there are")
        deeds.choices["discard"].add_argument("--reason", required=True)
        for name, text in (("show", "all that is known of one"), ("cancel", "stop one")):
            deeds.add_parser(name, help=text).add_argument("id")
        lane = deeds.add_parser("lanes", help="closed lanes; with --open, open one again")
        lane.add_argument("--open", default="")
        deeds.add_parser("schedules", help="of beat: last run, outcome, next run, late or not")
        deeds.add_parser("workers", help="which there are, and what they run now")

    def handle(self, *_: Any, deed: str, **options: Any) -> None:
        try:
            getattr(self, f"_{deed}")(**options)
        except DomainError as error:
            raise CommandError(error.detail) from error

    def _list(self, **options: Any) -> None:
        for run in _rows({**options, "all": True}):
            problem = run.problem or {}
            ended = f"{run.finished_at:%Y-%m-%d %H:%M} UTC"
            line = f"{run.pk}  {ended}  {run.name}  {run.schema_name}  {problem.get('code', '')}"
            self.stdout.write(f"{line}: {problem.get('detail', '')}")

    def _replay(self, **options: Any) -> None:
        count, refusals = replays.replay_all(rows=_rows(options), by=None)
        for refusal in refusals:
            self.stderr.write(refusal.detail)
        self.stdout.write(f"{count} run again, {len(refusals)} do not.")

    def _discard(self, *, reason: str, **options: Any) -> None:
        count = replays.discard(rows=_rows(options), reason=reason, by=None)
        self.stdout.write(f"{count} discarded.")

    def _cancel(self, *, id: str, **_: Any) -> None:  # noqa: A002 -- the command's argument
        run = outcomes.cancel(run=runs.find(run_id=id), by=None)
        self.stdout.write(f"{run.title}: {run.state}.")

    def _show(self, *, id: str, **_: Any) -> None:  # noqa: A002 -- the command's argument
        run = runs.find(run_id=id)
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
            last, outcome = _utc(one.started_at), schedules.outcome_of(one.task)
            self.stdout.write(f"  last run {last} ({outcome}); next run {_utc(one.next_at)}")

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
            lanes.open_again(open)
        for lane, until in sorted(lanes.closed_until().items()):
            self.stdout.write(f"{lane} until {datetime.fromtimestamp(until, UTC):%H:%M:%S} UTC")


def _utc(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "-"


def _rows(options: dict[str, Any]) -> JobRunQuerySet:
    names = ("name", "workspace", "code", "since", "until")
    match = {name: options[name] for name in names if options[name]}
    if options["ids"]:
        found = JobRun.objects.dead().filter(pk__in=options["ids"])
        missing = set(options["ids"]) - {str(pk) for pk in found.values_list("pk", flat=True)}
        if missing:
            raise CommandError(f"No dead letter: {', '.join(sorted(missing))}.")
        return found
    if not match and not options["all"]:
        raise CommandError("Say which: ids, --name, --workspace, --code, --since, or --all.")
    return replays.Match(**match).rows()


def _moment(text: str) -> datetime:
    age: timedelta | None = parse_duration(text) if ":" in text and "-" not in text else None
    if age is not None:
        return timezone.now() - age
    found = parse_datetime(text)
    if found is None:
        raise ValueError(text)
    return found if timezone.is_aware(found) else found.replace(tzinfo=UTC)
