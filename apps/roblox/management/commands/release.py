from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.models import User
from apps.core.errors import DomainError
from apps.jobs.models import JobRun
from apps.roblox.models import Deployment, Experience, Release
from apps.roblox.services import deployments, experiences, releases, stagings
from apps.tenants.models import Tenant

POLL_SECONDS = 0.3
KINDS = ("staging", "production")
MARKS = {"succeeded": "+", "failed": "x", "skipped": "-", "running": ">", "pending": " "}


class Command(BaseCommand):
    help = "Releases of a workspace's experience: upload, deploy, promote, roll back, look."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        everywhere = CommandParser(add_help=False)
        everywhere.add_argument("--workspace", required=True, help="its slug")
        everywhere.add_argument("--experience", help="its slug; the only one when left out")
        everywhere.add_argument("--by", help="e-mail of the member who acts; else the system")

        def verb(name: str, text: str) -> CommandParser:
            made: CommandParser = verbs.add_parser(name, help=text, parents=[everywhere])
            return made

        verb("list", "releases and where they are live")
        show = verb("show", "one release with its findings")
        show.add_argument("version")
        create = verb("create", "upload a place file and wait for its scan")
        create.add_argument("version")
        create.add_argument("file", type=Path)
        create.add_argument("--notes", default="")
        create.add_argument("--stage", action="store_true", help="deploy to staging after the scan")
        for name, text in (
            ("deploy", "deploy a release to staging"),
            ("promote", "deploy to production what staging runs"),
        ):
            verb(name, text).add_argument("version")
        stage = verb("stage", "deploy releases of several experiences to staging at once")
        stage.add_argument("choices", nargs="+", metavar="EXPERIENCE=VERSION")
        rollback = verb("rollback", "publish an earlier release again")
        rollback.add_argument("--environment", default="production", choices=KINDS)
        rollback.add_argument("--to", default="", help="version; else the one before")
        verb("status", "what runs where, and the last deployments")

    def handle(self, *_: Any, verb: str, workspace: str, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=workspace, state=Tenant.State.ACTIVE).first()
        if tenant is None:
            raise CommandError(f"There is no active workspace {workspace!r}.")
        by = _actor(options["by"])
        with tenant:
            try:
                if verb == "stage":
                    self.do_stage(by, options["choices"])
                    return
                experience = _experience(options["experience"])
                getattr(self, f"do_{verb}")(experience, by, options)
            except DomainError as error:
                reasons = error.extra.get("refused", {}).items()
                lines = "".join(f"\n  {slug}: {reason}" for slug, reason in reasons)
                raise CommandError(f"{error.title}. {error.detail}{lines}") from error

    def do_list(self, experience: Experience, _by: Any, _options: dict[str, Any]) -> None:
        live = {
            e.live_deployment.release_id: e.kind
            for e in experience.environments.with_live()
            if e.live_deployment
        }
        for release in experience.releases.newest_version_first().select_related("artifact__blob"):
            where = f"live on {live[release.pk]}" if release.pk in live else ""
            self.stdout.write(
                f"{release.version:12} {release.state:10} {release.artifact.size:>12,} bytes  "
                f"{release.artifact.sha256[:12]}  {where}"
            )

    def do_show(self, experience: Experience, _by: Any, options: dict[str, Any]) -> None:
        release = releases.find(experience=experience, version=options["version"])
        artifact = release.artifact
        self.stdout.write(
            f"{release} is {release.state}\n{artifact.filename}, {artifact.size:,} bytes, "
            f"SHA-256 {artifact.sha256}\n{artifact.instance_count} instances, "
            f"{artifact.script_count} scripts"
        )
        for found in release.findings.all():
            self.stdout.write(f"  {found.severity:8} {found.path}:{found.line} {found.message}")

    def do_create(self, experience: Experience, by: Any, options: dict[str, Any]) -> None:
        file: Path = options["file"]
        try:
            content = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        release = releases.create(
            experience=experience, version=options["version"], content=content,
            filename=file.name, notes=options["notes"], by=by,
            stage=options["stage"],
        )  # fmt: skip
        self._wait(lambda: _reload(release).state != Release.State.SCANNING)
        self.do_show(experience, by, options)
        if release.state == Release.State.BLOCKED:
            raise CommandError("The release is blocked by its scan.")

    def do_deploy(self, experience: Experience, by: Any, options: dict[str, Any]) -> None:
        release = releases.find(experience=experience, version=options["version"])
        self._follow(deployments.stage(release=release, by=by))

    def do_stage(self, by: Any, choices: list[str]) -> None:
        chosen = dict(choice.partition("=")[::2] for choice in choices)
        if not all(chosen.values()) or len(chosen) < len(choices):
            raise CommandError("Name each experience once, as robot-lab=1.2.0.")
        self._follow_group(stagings.begin(choices=chosen, by=by))

    def do_promote(self, experience: Experience, by: Any, options: dict[str, Any]) -> None:
        release = releases.find(experience=experience, version=options["version"])
        self._follow(deployments.promote(release=release, by=by))

    def do_rollback(self, experience: Experience, by: Any, options: dict[str, Any]) -> None:
        environment = experiences.find_environment(
            experience=experience, kind=options["environment"]
        )
        version = options["to"]
        to = releases.find(experience=experience, version=version) if version else None
        self._follow(deployments.roll_back(environment=environment, to=to, by=by))

    def do_status(self, experience: Experience, _by: Any, _options: dict[str, Any]) -> None:
        for environment in experience.environments.with_live():
            live = environment.live_deployment
            what = (
                f"{live.release.version} (Roblox version {live.roblox_version})"
                if live
                else "nothing yet"
            )
            self.stdout.write(f"{environment.kind:11} {what}")
        for row in deployments.history(experience=experience)[:10]:
            self.stdout.write(
                f"{row.created_at:%Y-%m-%d %H:%M} {row.kind:8} {row.release.version:10} "
                f"{row.environment.kind:11} {row.state} by {row.started_by}"
            )

    def _follow(self, deployment: Deployment) -> None:
        told: set[tuple[int, str, str]] = set()

        def finished() -> bool:
            for step in deployment.steps.exclude(state="pending"):
                line = (step.position, step.state, step.detail)
                if line not in told:
                    told.add(line)
                    self.stdout.write(f"[{MARKS[step.state]}] {step.title}  {step.detail}")
            return not _reload(deployment).is_open

        self._wait(finished)
        if deployment.state != Deployment.State.SUCCEEDED:
            raise CommandError((deployment.error or {}).get("detail", "The deployment failed."))
        self.stdout.write(
            self.style.SUCCESS(
                f"{deployment.release} is live on {deployment.environment.kind} "
                f"as version {deployment.roblox_version}."
            )
        )

    def _follow_group(self, parent: JobRun) -> None:
        told: dict[UUID, tuple[str, str]] = {}

        def finished() -> bool:
            for member in parent.family.exclude(state__in=("pending", "queued")):
                line = (member.state, (member.problem or {}).get("detail", member.message))
                if told.get(member.pk) != line:
                    told[member.pk] = line
                    self.stdout.write(f"[{MARKS.get(line[0], '-')}] {member.title}  {line[1]}")
            return bool(_reload(parent).is_final)

        self._wait(finished)
        if parent.state != JobRun.State.SUCCEEDED:
            raise CommandError((parent.problem or {}).get("detail", "A deployment failed."))
        self.stdout.write(self.style.SUCCESS(f"{parent.title}: all done."))

    def _wait(self, finished: Callable[[], bool]) -> None:
        """Until a worker has done it; Ctrl-C leaves the work going on."""
        while not finished():
            time.sleep(POLL_SECONDS)


def _reload(row: Any) -> Any:
    row.refresh_from_db()
    return row


def _actor(email: str | None) -> User | None:
    if not email:
        return None
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        raise CommandError(f"Nobody has the e-mail address {email}.")
    return user


def _experience(slug: str | None) -> Experience:
    if slug:
        return experiences.find(slug=slug)
    found = list(Experience.objects.all()[:2])
    if len(found) != 1:
        raise CommandError("Name the experience with --experience.")
    return found[0]
