"""The roles of one workspace, built in and its own, and who may give which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

from apps.core.errors import Invalid
from apps.tenants import configuration
from apps.tenants.access import granted_to, permissions_held, permissions_of
from apps.tenants.errors import RoleBeyondReach
from apps.tenants.models import CustomRole, Membership, Tenant
from apps.tenants.people_models import RoleBearer
from apps.tenants.permissions import (
    PERMISSIONS,
    PROVEN,
    STAFF_ROLES,
    Permission,
    Role,
    label_of,
    sorted_by_group,
)

TEXTS: Final = {
    Role.OWNER: "Everything, and the workspace itself: its address, its end, its other owners.",
    Role.ADMIN: "Runs it: people, experiences, production, keys and settings.",
    Role.TEACHER: "Works in it: uploads releases and puts them on staging.",
    Role.STUDENT: "Takes part.",
    Role.GUARDIAN: "Looks on for a child.",
}
# Whoever may bring people in may bring these in, whatever they hold themselves.
FOR_EVERYBODY: Final = frozenset({Role.STUDENT, Role.GUARDIAN})


@dataclass(frozen=True)
class Choice:
    """One role of a workspace. `role` is the built-in one it is or is based on; `custom` its row
    when the workspace made it.
    """

    key: str
    name: str
    text: str
    role: Role
    permissions: frozenset[str]
    custom: CustomRole | None = None

    @property
    def declared(self) -> list[Permission]:
        """What it holds, in the order of declaration."""
        return sorted_by_group(self.permissions)

    @property
    def is_powerful(self) -> bool:
        """Whether what it allows includes something dangerous."""
        return bool(self.permissions & PROVEN)

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF_ROLES

    def is_of(self, bearer: RoleBearer) -> bool:
        return bearer.role_key == self.key

    def give_to(self, bearer: RoleBearer) -> None:
        """Put it on the row, unsaved."""
        bearer.role, bearer.custom_role = self.role, self.custom


BUILT_IN: Final = tuple(
    Choice(role.value, role.label, TEXTS[role], role, PERMISSIONS[role]) for role in Role
)


def of(*, tenant: Tenant) -> list[Choice]:
    """All of them, built-in ones first; one query."""
    own = CustomRole.objects.filter(tenant=tenant).order_by("name")
    return [*BUILT_IN, *(as_choice(role) for role in own)]


def as_choice(role: CustomRole) -> Choice:
    return Choice(
        role.key, role.name, role.description, Role(role.based_on), role.granted, custom=role
    )


def choose(*, tenant: Tenant, key: str) -> Choice:
    """The role that programs and forms call `key`. Raises `Invalid`; a built-in one costs no
    query.
    """
    built_in = next((one for one in BUILT_IN if one.key == key), None)
    if built_in is not None:
        return built_in
    own = CustomRole.objects.filter(tenant=tenant)
    found = own.filter(key=str(key)[:40]).first()
    if found is None:
        names = ", ".join(one.key for one in of(tenant=tenant))
        raise Invalid(errors={"role": [f"Choose one of: {names}."]})
    return as_choice(found)


def held_by(bearer: RoleBearer) -> Choice:
    """The role of a member or an invitation."""
    if bearer.custom_role:
        return as_choice(bearer.custom_role)
    return next(one for one in BUILT_IN if one.role == bearer.role)


def givable(*, reach: Reach) -> list[Choice]:
    """Those that somebody of this reach may give, for forms."""
    return [one for one in of(tenant=reach.tenant) if not reach.lacks(one)]


def require_reach(*choices: Choice, by: Any, tenant: Tenant) -> None:
    """Nobody gives, or takes, a role that holds more than their own. Raises `RoleBeyondReach`."""
    reach = Reach.of(by, tenant=tenant)
    for one in choices:
        if missing := sorted(reach.lacks(one)):
            names = ", ".join(label_of(name).lower() for name in missing)
            raise RoleBeyondReach(
                f"{one.name} holds more than your own role: {names}. Somebody who may do that "
                "can give it.",
                missing=missing,
            )


@dataclass(frozen=True)
class Reach:
    """How far an actor's role reaches: what it includes, and what of that features leave in
    force. Both count, so that nothing is given while it is off that would be out of reach once
    it is on again.
    """

    tenant: Tenant
    held: frozenset[str] | None  # None: the system itself, which lacks nothing
    in_force: frozenset[str]

    @classmethod
    def of(cls, actor: Any, *, tenant: Tenant) -> Self:
        if actor is None:
            return cls(tenant, None, frozenset())
        held = permissions_held(actor, tenant=tenant)
        return cls(tenant, held, permissions_of(actor, tenant=tenant))

    @classmethod
    def of_member(cls, membership: Membership) -> Self:
        """As `of`, without a query."""
        return cls(membership.tenant, membership.permissions, granted_to(membership))

    def lacks(self, choice: Choice) -> frozenset[str]:
        """What the role holds and the actor does not."""
        if self.held is None or (choice.custom is None and choice.role in FOR_EVERYBODY):
            return frozenset()
        there = configuration.granted(choice.permissions, role=choice.role, tenant=self.tenant)
        return (choice.permissions - self.held) | (there - self.in_force)
