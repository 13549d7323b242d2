"""The verbs `plan`, `lint`, `record` and `release` of `manage.py fleet`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError, OutputWrapper


def add_verbs(verbs: Any) -> None:
    plan = verbs.add_parser("plan", help="what migrate would do, its locks and its time")
    plan.add_argument("--on", default="", metavar="SCHEMA", help="try it in this one, roll it back")
    plan.add_argument("--lock-timeout", type=float, default=2, metavar="SECONDS", help="for --on")
    plan.add_argument("--no-rehearsal", action="store_true", help="read the code alone")
    plan.add_argument("--json", action="store_true", help="for programs")
    verbs.add_parser("lint", help="hold the migrations since the last release against the rules")
    verbs.add_parser("record", help="write down what Django sends to make a new database")
    release = verbs.add_parser("release", help="write down what this code uses, before it goes out")
    release.add_argument("--name", required=True, help="three numbers, such as 0.2.0")


def verbs_of(out: OutputWrapper) -> dict[str, Callable[..., None]]:
    """What each of them does with its options. The rules are read only by who asks for them:
    every deployment waits for `fleet migrate`, and mostly it has nothing to do.
    """
    from apps.fleet.management import plan_texts
    from apps.fleet.services import linting, plans, releases, snapshot_recordings, snapshots

    def plan(*, on: str, lock_timeout: float, no_rehearsal: bool, **options: Any) -> None:
        made = plans.make(on=on, lock_timeout=lock_timeout, rehearse=not no_rehearsal)
        if options["json"]:
            out.write(json.dumps(made.as_json(), indent=1))
        else:
            out.write("\n".join(plan_texts.lines(made)))
        if made.refusals:
            raise CommandError(f"{len(made.refusals)} refused; `fleet migrate` will not start.")

    def lint(**_: Any) -> None:
        found = linting.check_release()
        for finding in found:
            out.write(finding.as_text() + "\n")
        refused = sum(finding.refuses for finding in found)
        if refused:
            raise CommandError(f"{refused} refused. docs/runbooks/expand-and-contract.md helps.")
        if stale := snapshots.differences():
            raise CommandError("\n".join([*stale, "`make recording` records them anew."]))
        out.write(f"Migrations since {releases.latest().name} may go out.")

    def record(**_: Any) -> None:
        number = snapshot_recordings.record()
        out.write(f"{number} migrations recorded in {snapshots.PATH.name}. Commit it with them.")

    def release(*, name: str, **_: Any) -> None:
        out.write(f"Written: {releases.write(name=name).name}. Commit it with the release.")

    return {"plan": plan, "lint": lint, "record": record, "release": release}
