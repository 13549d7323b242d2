"""The newcomer's way: what is done, what comes next. Read from what really happened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from apps.roblox.models import Deployment, Environment, Experience, Release


@dataclass(frozen=True)
class GuideStep:
    title: str
    text: str
    permission: str
    done: bool
    url: str
    action_label: str


def progress(*, permissions: frozenset[str]) -> list[GuideStep]:
    """Six steps for the workspace's first experience; `url` is where to do each, empty where
    `permissions` do not reach.
    """
    experience = Experience.objects.order_by("created_at").first()
    home = experience.get_absolute_url() if experience else "/experiences/new/"
    facts = _facts(experience)
    steps = [GuideStep(*texts, done=facts[n], **_target(n, home)) for n, texts in enumerate(TEXTS)]
    return [step if step.permission in permissions else replace(step, url="") for step in steps]


def open_steps(*, permissions: frozenset[str]) -> list[GuideStep]:
    """The same, or nothing once all is done."""
    steps = progress(permissions=permissions)
    return [] if all(step.done for step in steps) else steps


TEXTS = (
    (
        "Add an experience",
        "Tell us which Roblox universe you teach in.",
        "experiences.create",
    ),
    (
        "Connect staging and production",
        "A place ID each, and a key that may publish there.",
        "environments.update",
    ),
    (
        "Upload a release",
        "A place file from Studio. We read it and scan every script.",
        "releases.create",
    ),
    (
        "Deploy it to staging",
        "Watch the steps as they happen, then look at it on Roblox.",
        "deployments.stage",
    ),
    (
        "Promote it to production",
        "The very file that staging runs, nothing rebuilt.",
        "deployments.promote",
    ),
    (
        "Roll back",
        "Changed your mind? One click publishes the release before.",
        "deployments.rollback",
    ),
)


def _target(number: int, home: str) -> dict[str, Any]:
    labels = (
        "Add experience", "Set up", "Upload", "Choose a release", "Promote", "Roll back",
    )  # fmt: skip
    url = f"{home}releases/new/" if number == 2 and home != "/experiences/new/" else home  # noqa: PLR2004
    return {"url": url, "action_label": labels[number]}


def _facts(experience: Experience | None) -> list[bool]:
    if experience is None:
        return [False] * len(TEXTS)
    ready = [e.is_ready for e in Environment.objects.filter(experience=experience)]
    succeeded = Deployment.objects.filter(environment__experience=experience, state="succeeded")
    # What the demo itself did (by nobody) is not yet the newcomer's own.
    own = set(succeeded.filter(started_by_id__isnull=False).values_list("kind", flat=True))
    return [
        True,
        bool(ready) and all(ready),
        Release.objects.filter(experience=experience, state="ready").exists(),
        succeeded.filter(environment__kind="staging").exists(),
        "promote" in own,
        "rollback" in own,
    ]
