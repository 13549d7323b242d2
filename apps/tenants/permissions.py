"""Who may do what: one map for pages, API, key scopes, custom roles and scripts.

Permissions read `resource.action`. Each is declared once, below; everything else in this module
follows from the declarations. A new one is one entry of its group.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db import models


class Role(models.TextChoices):
    """The roles that come with the product. Those that customers make are `models.CustomRole`."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    TEACHER = "teacher", "Teacher"
    STUDENT = "student", "Student"
    GUARDIAN = "guardian", "Guardian"


# Each of these holds all that the ones before it hold. A guardian stands beside them.
LADDER: Final = (Role.STUDENT, Role.TEACHER, Role.ADMIN, Role.OWNER)
STAFF_ROLES: Final = frozenset({Role.TEACHER, Role.ADMIN, Role.OWNER})  # each takes a paid seat


@dataclass(frozen=True)
class Permission:
    """`since` is the lowest role of the ladder that holds it, `text` says what it opens, in a
    sentence. `for_keys`: an API key can be given it. `impersonated`: an operator who is in as
    somebody else may use it.
    """

    name: str
    since: Role
    label: str
    text: str
    guardian: bool = False
    for_keys: bool = True
    impersonated: bool = True

    @property
    def is_view(self) -> bool:
        return self.name.endswith(".view")


GROUPS: Final[dict[str, tuple[Permission, ...]]] = {
    "Workspace": (
        Permission(
            "workspace.view", Role.STUDENT, "Open the workspace",
            "Come in and see its home page.", guardian=True,
        ),
        Permission("workspace.update", Role.ADMIN, "Rename the workspace", "Change its name."),
        Permission(
            "workspace.configure", Role.ADMIN, "Set it up",
            "Change colours, language, terms and first steps, and go back to earlier versions.",
        ),
        Permission("features.update", Role.OWNER, "Switch features", "Switch parts on and off."),
        Permission(
            "sign_in.update", Role.OWNER, "Set rules for signing in",
            "Say who needs two-step sign-in and how long people stay signed in.",
            for_keys=False, impersonated=False,
        ),
        Permission(
            "sso.view", Role.OWNER, "See the sign-in", "See how members sign in here.",
            for_keys=False, impersonated=False,
        ),
        Permission(
            "sso.update", Role.OWNER, "Set up the sign-in",
            "Choose the issuer that members sign in by, and require it.",
            for_keys=False, impersonated=False,
        ),
        Permission(
            "workspace.rename", Role.OWNER, "Change its address",
            "Move it to another address under the product's domain.",
            for_keys=False, impersonated=False,
        ),
        Permission(
            "workspace.delete", Role.OWNER, "Close and delete it",
            "Have it deleted, and keep it after all.", for_keys=False, impersonated=False,
        ),
        Permission(
            "exports.create", Role.OWNER, "Export everything",
            "Make and download files with all of its data.", impersonated=False,
        ),
    ),
    "People": (
        Permission(
            "members.view", Role.TEACHER, "See members", "See who belongs here, and as what.",
            for_keys=False,
        ),
        Permission(
            "members.invite", Role.ADMIN, "Invite people",
            "Send and take back invitations by mail and by link.", for_keys=False,
        ),
        Permission(
            "members.update", Role.ADMIN, "Change roles",
            "Give members another role, as far as one's own reaches.", for_keys=False,
        ),
        Permission(
            "members.remove", Role.ADMIN, "Remove members", "End somebody's membership.",
            for_keys=False,
        ),
        Permission(
            "members.make_owner", Role.OWNER, "Make owners",
            "Make and unmake owners, and hand the workspace over.",
            for_keys=False, impersonated=False,
        ),
        Permission(
            "roles.view", Role.TEACHER, "See roles",
            "See which roles there are and what they hold.",
        ),
        Permission(
            "roles.create", Role.ADMIN, "Make roles",
            "Make roles of one's own permissions.", for_keys=False,
        ),
        Permission(
            "roles.update", Role.ADMIN, "Change roles' permissions",
            "Change what a custom role holds, for everybody who has it.", for_keys=False,
        ),
        Permission(
            "roles.delete", Role.ADMIN, "Delete roles",
            "Delete a custom role and give its people another.", for_keys=False,
        ),
    ),
    "Classes": (
        Permission(
            "classes.view", Role.TEACHER, "See classes", "See one's own classes.",
        ),
        Permission(
            "classes.create", Role.TEACHER, "Make classes", "Make a class and teach it.",
        ),
        Permission(
            "classes.update", Role.TEACHER, "Run classes",
            "Rename a class of one's own, pause it, renew its code, choose who teaches it.",
        ),
        Permission(
            "classes.archive", Role.TEACHER, "Archive classes",
            "Put a class of one's own away, and take it out again.",
        ),
        Permission(
            "classes.manage_all", Role.ADMIN, "Every class",
            "Whatever the others of this group allow, in every class and not only in one's own.",
        ),
        Permission(
            "pupils.view", Role.TEACHER, "See pupils", "See who is in one's classes.",
        ),
        Permission(
            "pupils.create", Role.TEACHER, "Add pupils", "Add pupils to one's classes.",
        ),
        Permission(
            "pupils.update", Role.TEACHER, "Look after pupils",
            "Rename and move pupils, forget their pictures, let them in again.",
        ),
        Permission(
            "pupils.remove", Role.TEACHER, "Remove pupils", "Take pupils out of one's classes.",
        ),
        Permission(
            "pupils.badges", Role.TEACHER, "Print badges",
            "See and renew the badges that pupils sign in with.",
            for_keys=False, impersonated=False,
        ),
        Permission(
            "guardians.view", Role.TEACHER, "See guardians", "See whose guardians are whose.",
            for_keys=False,
        ),
        Permission(
            "guardians.invite", Role.TEACHER, "Invite guardians",
            "Invite guardians of the pupils in one's classes, and take invitations back.",
            for_keys=False, impersonated=False,
        ),
        Permission(
            "guardians.remove", Role.TEACHER, "Unlink guardians",
            "End that somebody sees a pupil as their child.", for_keys=False,
        ),
        Permission(
            "children.view", Role.TEACHER, "See one's children", "See one's own children here.",
            guardian=True, for_keys=False,
        ),
    ),
    "Releases": (
        Permission(
            "experiences.view", Role.TEACHER, "See experiences",
            "See experiences and their environments.",
        ),
        Permission(
            "experiences.create", Role.ADMIN, "Add experiences", "Add an experience of Roblox.",
        ),
        Permission(
            "experiences.update", Role.ADMIN, "Change experiences",
            "Change an experience's details.",
        ),
        Permission(
            "environments.update", Role.ADMIN, "Set up environments",
            "Choose the places of staging and production, and enter their Open Cloud keys.",
            impersonated=False,
        ),
        Permission(
            "releases.view", Role.TEACHER, "See releases", "See releases and what scans found.",
        ),
        Permission(
            "releases.create", Role.TEACHER, "Upload releases", "Bring in new place files.",
        ),
        Permission(
            "releases.withdraw", Role.ADMIN, "Withdraw releases", "Keep a release from going out.",
        ),
        Permission(
            "deployments.view", Role.TEACHER, "See deployments", "See what went where, and when.",
        ),
        Permission(
            "deployments.stage", Role.TEACHER, "Deploy to staging",
            "Put a release on the staging place.",
        ),
        Permission(
            "deployments.promote", Role.ADMIN, "Deploy to production",
            "Put a release before players.",
        ),
        Permission(
            "deployments.rollback", Role.ADMIN, "Roll back",
            "Put an earlier release back before players.",
        ),
    ),
    "Programs": (
        Permission(
            "api_keys.view", Role.ADMIN, "See API keys",
            "See which keys there are and when they were used.", for_keys=False,
        ),
        Permission(
            "api_keys.create", Role.ADMIN, "Make API keys",
            "Make keys that reach as far as their maker.", for_keys=False, impersonated=False,
        ),
        Permission(
            "api_keys.revoke", Role.ADMIN, "Revoke API keys", "End a key at once.",
            for_keys=False, impersonated=False,
        ),
        Permission(
            "webhooks.view", Role.ADMIN, "See webhooks",
            "See which addresses are told of what, and how it went.",
        ),
        Permission("webhooks.create", Role.ADMIN, "Add webhooks",
            "Have an address told of what one may see.", impersonated=False),
        Permission(
            "webhooks.update", Role.ADMIN, "Change webhooks",
            "Change and switch them, rotate secrets, test, and send again.", impersonated=False,
        ),
        Permission("webhooks.delete", Role.ADMIN, "Delete webhooks",
            "Delete an address with its log.", impersonated=False),
        Permission(
            "realtime_apps.view", Role.ADMIN, "See realtime apps",
            "See which apps of one's own use realtime, without their secrets.",
        ),
        Permission(
            "realtime_apps.create", Role.ADMIN, "Make realtime apps",
            "Make apps, each with a key and a secret.", for_keys=False, impersonated=False,
        ),
        Permission(
            "realtime_apps.update", Role.ADMIN, "Change realtime apps",
            "Change and switch them, and exchange their keys.", for_keys=False, impersonated=False,
        ),
        Permission(
            "realtime_apps.delete", Role.ADMIN, "Delete realtime apps",
            "Delete an app and close its connections.", for_keys=False, impersonated=False,
        ),
    ),
    "Oversight": (
        Permission("jobs.view", Role.TEACHER, "See background work", "See what runs and failed."),
        Permission(
            "jobs.manage", Role.TEACHER, "Stop and repeat background work",
            "Cancel work and run failed work again, where one may begin such work.",
        ),
        Permission("audit.view", Role.ADMIN, "See the audit", "See who did what, and when."),
        Permission("usage.view", Role.ADMIN, "See usage", "See how much of the plan is used."),
    ),
    "Payments": (
        Permission("billing.view", Role.OWNER, "See payments", "See plan, invoices, payments."),
        Permission(
            "billing.update", Role.OWNER, "Pay and change the plan",
            "Choose a plan, pay, change who invoices go to, and cancel.",
            for_keys=False, impersonated=False,
        ),
    ),
    "Provisioning": (
        Permission(
            "provisioning.view", Role.ADMIN, "See provisioning",
            "See which identity provider manages people here, and its last requests.",
            for_keys=False,
        ),
        Permission(
            "provisioning.update", Role.OWNER, "Set up provisioning",
            "Make tokens for an identity provider and choose what its groups give.",
            for_keys=False, impersonated=False,
        ),
    ),
    "Domains": (
        Permission("domains.view", Role.ADMIN, "See domains", "See which domains lead here."),
        Permission("domains.create", Role.OWNER, "Add domains", "Ask for a domain of one's own."),
        Permission(
            "domains.update", Role.OWNER, "Verify domains",
            "Have a domain's record looked for, and choose the one that links lead to.",
        ),
        Permission("domains.delete", Role.OWNER, "Remove domains", "Stop serving a domain."),
    ),
    "Mail": (
        Permission(
            "sender_domains.view", Role.ADMIN, "See sender domains",
            "See which domains mail comes from, and the state of their records.",
        ),
        Permission("sender_domains.create", Role.OWNER, "Add sender domains", "Set up a new one."),
        Permission(
            "sender_domains.update", Role.OWNER, "Change sender domains",
            "Have their records looked for, and choose what mail comes from.",
        ),
        Permission("sender_domains.delete", Role.OWNER, "Remove sender domains", "Stop using one."),
        Permission("mail.lift", Role.ADMIN, "Write to an address again",
            "Have mail sent again to an address that did not take it.", impersonated=False),
    ),
    "Schools of a district": (
        Permission("schools.view", Role.ADMIN, "See schools", "See the district's schools."),
        Permission(
            "schools.create", Role.ADMIN, "Found schools", "Found schools under the district.",
            for_keys=False, impersonated=False,
        ),
    ),
}  # fmt: skip
DECLARED: Final[dict[str, Permission]] = {
    each.name: each for entries in GROUPS.values() for each in entries
}


def _up_to(role: Role) -> frozenset[str]:
    reached = LADDER[: LADDER.index(role) + 1]
    return frozenset(each.name for each in DECLARED.values() if each.since in reached)


STUDENT: Final = _up_to(Role.STUDENT)
TEACHER: Final = _up_to(Role.TEACHER)
ADMIN: Final = _up_to(Role.ADMIN)
OWNER: Final = _up_to(Role.OWNER)
GUARDIAN: Final = frozenset(each.name for each in DECLARED.values() if each.guardian)

# Beyond every role: what the people of the operator console may do for a customer.
OPERATOR: Final = OWNER | {"workspace.suspend"}
# What a suspended workspace still allows, beside looking: to pay, to leave with one's data.
WHILE_SUSPENDED: Final = frozenset({"workspace.delete", "exports.create", "billing.update"})

PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    Role.OWNER: OWNER,
    Role.ADMIN: ADMIN,
    Role.TEACHER: TEACHER,
    Role.STUDENT: STUDENT,
    Role.GUARDIAN: GUARDIAN,
}
# What an API key can be given: people are managed by people, and people close a workspace.
KEPT_FROM_KEYS: Final = tuple(each.name for each in DECLARED.values() if not each.for_keys)
SCOPES: Final = tuple(sorted(each.name for each in DECLARED.values() if each.for_keys))
# What a test key can be given: to look, and to work on staging. Whatever is new stays out of it.
TEST_SCOPES: Final = tuple(
    scope
    for scope in SCOPES
    if DECLARED[scope].is_view or scope in {"releases.create", "deployments.stage"}
)
# Dangerous: what is changed with one of these asks people for a proof, minutes old, of who they are
# (`accounts.services.step_up`). Pages and the API heed it by themselves; a single deed that takes
# another permission says so with `step_up.recent` or `proven`.
PROVEN: Final = frozenset(
    {
        "sign_in.update", "sso.update", "workspace.rename", "workspace.delete", "exports.create",
        "members.update", "members.remove", "members.make_owner", "roles.create", "roles.update",
        "roles.delete", "api_keys.create", "webhooks.create", "provisioning.update",
        "realtime_apps.create", "billing.update",
        "domains.update", "domains.delete", "sender_domains.update", "sender_domains.delete",
    }
)  # fmt: skip
# What owners alone hold and no custom role can be given.
OWNERS_ALONE: Final = frozenset({"members.make_owner", "workspace.delete"})


def label_of(permission: str) -> str:
    """Its words for people; the name itself for one that this release does not know."""
    found = DECLARED.get(permission)
    return found.label if found else permission


def sorted_by_group(permissions: Iterable[str]) -> list[Permission]:
    """Declarations of the named permissions, in the order of declaration."""
    return [each for _, entries in grouped(permissions) for each in entries]


def grouped(permissions: Iterable[str]) -> list[tuple[str, list[Permission]]]:
    """Declarations of the named permissions by group, in the order of declaration; groups with
    none are left out.
    """
    wanted = set(permissions)
    found = [(group, [p for p in entries if p.name in wanted]) for group, entries in GROUPS.items()]
    return [(group, entries) for group, entries in found if entries]
