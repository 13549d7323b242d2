"""Who may do what: one map for pages, API and key scopes. Permissions read `resource.action`."""

from __future__ import annotations

from typing import Final

from django.db import models


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    TEACHER = "teacher", "Teacher"
    STUDENT = "student", "Student"


STUDENT: Final = frozenset({"workspace.view"})
TEACHER: Final = STUDENT | {
    "experiences.view",
    "releases.view",
    "releases.create",
    "deployments.view",
    "deployments.stage",
    "members.view",
    "jobs.view",
}
ADMIN: Final = TEACHER | {
    "experiences.create",
    "experiences.update",
    "environments.update",
    "releases.withdraw",
    "deployments.promote",
    "deployments.rollback",
    "members.invite",
    "members.update",
    "members.remove",
    "api_keys.view",
    "api_keys.create",
    "api_keys.revoke",
    "audit.view",
    "workspace.update",
    "workspace.configure",
    "domains.view",
    "usage.view",
    "schools.view",
    "schools.create",
}
OWNER: Final = ADMIN | {
    "members.make_owner",
    "workspace.delete",
    "workspace.rename",
    "features.update",
    "domains.create",
    "domains.update",
    "domains.delete",
    "exports.create",
}

# Beyond every role: what the people of the operator console may do for a customer.
OPERATOR: Final = OWNER | {"workspace.suspend"}
# What a suspended workspace still allows, beside looking: to leave and to take one's data along.
WHILE_SUSPENDED: Final = frozenset({"workspace.delete", "exports.create"})

PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    Role.OWNER: OWNER,
    Role.ADMIN: ADMIN,
    Role.TEACHER: TEACHER,
    Role.STUDENT: STUDENT,
}
# What an API key can be given: people are managed by people, and people close a workspace.
KEPT_FROM_KEYS: Final = (
    "members.", "api_keys.", "workspace.delete", "workspace.rename", "schools.create",
)  # fmt: skip
SCOPES: Final = tuple(sorted(p for p in OWNER if not p.startswith(KEPT_FROM_KEYS)))
