"""What can be switched on and off in a workspace, and what that takes away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from apps.tenants.permissions import OWNER, Role

SwitchedBy = Literal["owner", "operator"]
KEY: Final = "key"  # where roles are asked for: a program with an API key


@dataclass(frozen=True)
class Feature:
    """`withholds`: by role, the permissions nobody of that role has while it is off."""

    label: str
    text: str
    default: bool = True
    switched_by: SwitchedBy = "owner"
    withholds: Mapping[str, frozenset[str]] = field(default_factory=dict)


def _from_all(*permissions: str) -> dict[str, frozenset[str]]:
    return dict.fromkeys((*Role.values, KEY), frozenset(permissions))


FEATURES: Final[dict[str, Feature]] = {
    "teacher_uploads": Feature(
        "Teachers upload releases",
        "Off: only owners and admins bring in new place files.",
        withholds={Role.TEACHER: frozenset({"releases.create"})},
    ),
    "teacher_staging": Feature(
        "Teachers deploy to staging",
        "Off: only owners and admins put a release on the staging place.",
        withholds={Role.TEACHER: frozenset({"deployments.stage"})},
    ),
    "custom_domains": Feature(
        "Custom domains",
        "The workspace can be reached under domains of its own. Off: none can be added.",
        switched_by="operator",
        withholds=_from_all("domains.create"),
    ),
    "api": Feature(
        "API keys",
        "Programs work here with a key. Off: every key is refused, and none can be made.",
        withholds={**_from_all(*(p for p in OWNER if p.startswith("api_keys."))), KEY: OWNER},
    ),
}
