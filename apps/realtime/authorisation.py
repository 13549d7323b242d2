"""Who may listen where.

| channel | who |
|---|---|
| `private-user-<user id>` | that person |
| `private-w-<schema>` | members, on the workspace's own host |
| `private-w-<schema>.<area>[.<id>]` | members with the area's permission |
| `presence-w-<schema>[...]` | the same; others see the person's id and name |

Of classes only those who may open the class, which for most teachers are the ones they teach.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final, Protocol

from apps.accounts.models import User
from apps.classes.services import classes
from apps.tenants.models import Tenant

_WORKSPACE_CHANNEL = re.compile(
    r"(?:private|presence)-w-(?P<schema>[a-z0-9_]+)"
    r"(?:\.(?P<area>[a-z]+)(?:\.(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))?)?\Z"
)
AREA_PERMISSIONS: Final[dict[str | None, str]] = {
    None: "workspace.view",
    "deployment": "deployments.view",
    "deployments": "deployments.view",
    "release": "releases.view",
    "releases": "releases.view",
    "job": "jobs.view",
    "jobs": "jobs.view",
    "webhook": "webhooks.view",
    "channelwebhook": "realtime_apps.view",
    "experience": "experiences.view",
    "environment": "environments.update",
    "class": "classes.view",
}


def audience_of_channels(channels: list[str]) -> list[str]:
    """Who may see an event of these channels: `user:<id>`, `permission:<name>`."""
    return sorted({_listener(channel) for channel in channels})


def audience_of(actor: Any, permissions: frozenset[str]) -> set[str]:
    """What a person, or a key, stands for when events are looked for."""
    own = {f"user:{actor.pk}"} if isinstance(actor, User) else set()
    return own | {f"permission:{permission}" for permission in permissions}


def visible_channels(channels: list[str], audience: Collection[str]) -> list[str]:
    return [channel for channel in channels if _listener(channel) in audience]


def _listener(channel: str) -> str:
    if channel.startswith("private-user-"):
        return f"user:{channel.removeprefix('private-user-')}"
    found = _WORKSPACE_CHANNEL.match(channel)
    if found is None:
        raise ValueError(f"nobody may listen to {channel}")
    return f"permission:{AREA_PERMISSIONS[found['area']]}"


class Visit(Protocol):
    """What the workspace middleware knows about a request."""

    user: Any
    tenant: Tenant | None
    can: frozenset[str]


def may_listen(visit: Visit, channel: str) -> bool:
    if not visit.user.is_authenticated:
        return False
    if channel.startswith("private-user-"):
        return channel == f"private-user-{visit.user.pk}"
    found = _WORKSPACE_CHANNEL.match(channel)
    return (
        found is not None
        and visit.tenant is not None
        and found["schema"] == visit.tenant.schema_name
        and AREA_PERMISSIONS.get(found["area"]) in visit.can
        and (found["area"] != "class" or _may_open_class(visit, found["id"]))
    )


def _may_open_class(visit: Visit, class_id: str | None) -> bool:
    return class_id is not None and classes.visible(by=visit.user).filter(pk=class_id).exists()


def user_id_of(*, user_id: Any, schema_name: str | None) -> str:
    """As whom a page's connection signs in: a person in one workspace, so that leaving it closes
    the connections of this workspace's pages only.
    """
    return f"{schema_name}.{user_id}" if schema_name else str(user_id)


def presence_member(user: User) -> dict[str, Any]:
    """What the other members of a presence channel see of a person."""
    return {"user_id": str(user.pk), "user_info": {"name": user.get_full_name()}}
