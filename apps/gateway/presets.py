"""Sets of scopes that people usually mean, to start from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from apps.tenants.permissions import DECLARED

LOOK: Final = frozenset({"experiences.view", "releases.view", "deployments.view"})
BUILD: Final = LOOK | {"releases.create", "deployments.stage"}
DELIVER: Final = BUILD | {"deployments.promote", "deployments.rollback", "releases.withdraw"}


@dataclass(frozen=True)
class Preset:
    """`scopes` is None for all that there are."""

    slug: str
    title: str
    text: str
    scopes: frozenset[str] | None

    def within(self, held: Collection[str]) -> list[str]:
        return [scope for scope in held if self.scopes is None or scope in self.scopes]


PRESETS: Final = (
    Preset("look", "Look", "Reads experiences, releases and deployments.", LOOK),
    Preset("build", "Build", "Uploads releases and deploys them to staging.", BUILD),
    Preset("deliver", "Deliver", "Also promotes to production and rolls back.", DELIVER),
    Preset(
        "report", "Report", "Reads everything that can be read.",
        frozenset(name for name, each in DECLARED.items() if each.is_view),
    ),
    Preset("all", "Everything", "All that you may give away. For a script you trust.", None),
)  # fmt: skip


def find(slug: str) -> Preset | None:
    return next((preset for preset in PRESETS if preset.slug == slug), None)
