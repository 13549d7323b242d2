from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from apps.core.errors import DomainError
from apps.fleet.management import planning
from apps.fleet.management.displays import Display, describe, show_history, show_status
from apps.fleet.models import Rollout
from apps.fleet.services import canaries, drift, pool, rollbacks, rollouts
from apps.fleet.services.courses import ATTEMPTS, LOCK_SECONDS, TOLERATED, Course
from apps.fleet.services.rings import USUAL


class Command(BaseCommand):
    help = "Bring all workspaces to the code's version, and see how far they are."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        self._add_migrate(verbs.add_parser("migrate", help="bring public and all workspaces up"))
        verbs.add_parser("status", help="versions, the rollout under way, the pool")
        verify = verbs.add_parser("verify", help="compare each schema with its version")
        verify.add_argument("--schema", action="append", help="only this one; can be repeated")
        self._add_rollback(verbs.add_parser("rollback", help="return the ring that failed"))
        history = verbs.add_parser("history", help="the last rollouts")
        history.add_argument("--schema", help="the way of one schema")
        canary = verbs.add_parser("canary", help="have this workspace go first in every rollout")
        canary.add_argument("schema")
        canary.add_argument("--off", action="store_true", help="no more")
        verbs.add_parser("pool", help="prepared schemas; fills up what is missing")
        planning.add_verbs(verbs)

    def _add_migrate(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--rings", default=USUAL, help=f"numbers, shares and canary; {USUAL} when left out")
        add("--until", default="", metavar="RING", help="stop when this ring has passed")
        add("--pause-between", type=float, default=0, metavar="SECONDS", help="between two rings")
        add("--check-command", default="", help="judges each ring by its exit code; {ring} in it")
        add("--auto-rollback", action="store_true", help="return a ring that fails at once")
        add("--lock-timeout", type=float, default=LOCK_SECONDS, metavar="SECONDS")
        add("--attempts", type=int, default=ATTEMPTS, help="at schemas that wait for a lock")
        add("--tolerate", type=float, default=TOLERATED, metavar="SHARE", help="may fail in a ring")
        add("--again", action="store_true", help="a version that was rolled back before")
        add("--by", default="", help="who does it, for the history")

    def _add_rollback(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="every schema of the last rollout")
        parser.add_argument("--no-input", action="store_true", help="do not ask before")
        parser.add_argument("--by", default="", help="who does it, for the history")

    def handle(self, *_: Any, verb: str, **options: Any) -> None:
        verbs: dict[str, Callable[..., None]] = {
            "migrate": self._migrate, "status": self._status, "verify": self._verify,
            "rollback": self._rollback, "history": self._history, "pool": self._pool,
            "canary": self._canary,
        }  # fmt: skip
        try:
            run = verbs.get(verb) or planning.verbs_of(self.stdout)[verb]
            run(**options)
        except DomainError as error:
            raise CommandError(f"{error.title}. {error.detail}") from error
        except DatabaseError as error:
            raise CommandError(f"The database refused: {error}".strip()) from error

    def _migrate(self, **options: Any) -> None:
        course = Course(
            rings=options["rings"], until=options["until"], again=options["again"],
            pause_between=options["pause_between"], check_command=options["check_command"],
            lock_timeout=options["lock_timeout"], attempts=options["attempts"],
            tolerated=options["tolerate"], auto_rollback=options["auto_rollback"],
        )  # fmt: skip
        display = Display(self.stdout)
        with _ended_like_ctrl_c():
            rollout = rollouts.migrate(by=_person(options), course=course, watch=display)
        display.end()
        if rollout is None:
            self.stdout.write("All schemas are up to date.")
            return
        self._conclude(rollout)

    def _rollback(self, **options: Any) -> None:
        if not options["no_input"]:
            self._ask(whole=options["all"])
        display = Display(self.stdout)
        with _ended_like_ctrl_c():
            rollout = rollbacks.roll_back(by=_person(options), whole=options["all"], watch=display)
        display.end()
        self._conclude(rollout)

    def _ask(self, *, whole: bool) -> None:
        last = Rollout.objects.exclude(state=Rollout.State.SUPERSEDED).first()
        what = "every schema of" if whole else "the ring that is at turn in"
        self.stdout.write(f"This returns {what} the rollout {last}.")
        self.stdout.write("Columns and tables it added are dropped, with what is in them.")
        if input("Go on? [y/N] ").strip().lower() not in {"y", "yes"}:
            raise CommandError("Nothing was changed.")

    def _conclude(self, rollout: Rollout) -> None:
        self.stdout.write(describe(rollout))
        wanted = {Rollout.State.COMPLETED, Rollout.State.ROLLED_BACK}
        if rollout.state not in wanted and not rollout.problem.startswith("Stopped before"):
            raise CommandError(rollout.problem)

    def _status(self, **_: Any) -> None:
        show_status(self.stdout)

    def _history(self, *, schema: str | None, **_: Any) -> None:
        show_history(self.stdout, schema_name=schema)

    def _verify(self, *, schema: list[str] | None, **_: Any) -> None:
        number = 0
        for found in drift.report(schema_names=schema):
            number += 1
            self.stdout.write(f"{found.schema_name} (version {found.version})")
            for table, lines in found.tables.items():
                for line in lines:
                    self.stdout.write(f"  {table}: {line}")
        if number:
            raise CommandError(f"{number} schemas differ from their version.")
        self.stdout.write("Every schema looks as its version says.")

    def _canary(self, *, schema: str, off: bool, **_: Any) -> None:
        canaries.mark(schema_name=schema, on=not off)
        self.stdout.write(f"{schema} is {'no canary any more' if off else 'a canary now'}.")

    def _pool(self, **_: Any) -> None:
        built = pool.refill()
        now = pool.status()
        self.stdout.write(f"{built} built. {now.ready} of {now.size} are ready.")


def _person(options: dict[str, Any]) -> str:
    return str(options["by"] or "the command line")


@contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """A stop by the system leaves the rollout resumable, as one by the keyboard does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
