"""The order of operations: groups as `texts.TAGS` has them, in each the collection before what is
in it. Viewers and generated clients keep it. `x-tagGroups` are headings of Redoc's menu.
"""

from __future__ import annotations

from typing import Any, Final

from apps.gateway.openapi.texts import TAGS

HEADINGS: Final = {
    "Signing in": ("tokens", "sessions", "api-keys", "me"),
    "Releasing": ("experiences", "releases", "deployments"),
    "Following": ("jobs", "webhooks", "realtime-apps", "events", "usage"),
    "Teaching": ("classes", "pupils", "guardians"),
    "People": ("members", "invitations", "invitation-links", "roles"),
    "Payments": ("billing", "invoices", "credit-notes", "payment-problems", "payments"),
    "Workspace": (
        "workspace",
        "sender-domains",
        "mail-suppressions",
        "mails",
        "schools",
        "exports",
        "help",
    ),
}
OTHERS: Final = "Workspace"


def describe(result: dict[str, Any]) -> None:
    result["paths"] = dict(sorted(result["paths"].items(), key=_place))
    names = [tag["name"] for tag in result["tags"]]
    grouped = {tag for tags in HEADINGS.values() for tag in tags}
    groups = {heading: [t for t in tags if t in names] for heading, tags in HEADINGS.items()}
    groups[OTHERS] += [name for name in names if name not in grouped]
    result["x-tagGroups"] = [{"name": name, "tags": tags} for name, tags in groups.items() if tags]


def _place(entry: tuple[str, dict[str, Any]]) -> tuple[int, int, str]:
    path, methods = entry
    tag = next(iter(methods.values()))["tags"][0]
    known = list(TAGS)
    return known.index(tag) if tag in known else len(known), path.count("/"), path
