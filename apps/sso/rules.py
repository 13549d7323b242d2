"""Who has to come in by the workspace's own sign-in, and what such a session opens."""

from __future__ import annotations

import time
from typing import Any

from apps.tenants.models import Membership, Tenant
from apps.tenants.permissions import Role

CALLBACK = "/accounts/sso/callback/"
# In the session: the workspace whose issuer has opened it.
PROOF = "sso"
# In the session, between the issuer's word and the end of the sign-in, with a second step maybe.
PENDING = "sso_pending"
PENDING_SECONDS = 15 * 60
# Owners keep a way in for the day on which the issuer is out of order; guardians are no staff.
EXEMPT_ROLES = (Role.OWNER, Role.GUARDIAN)


def is_bound(membership: Membership | None, user: Any) -> bool:
    """Whether this member gets in by the issuer only. Pupils who have no e-mail have badges."""
    return bool(membership and user.email and membership.role not in EXEMPT_ROLES)


def came_by_issuer(session: Any, tenant: Tenant | None) -> bool:
    return bool(tenant and session.get(PROOF) == tenant.schema_name)


def is_pending(session: Any, user: Any, tenant: Tenant) -> bool:
    """Whether the issuer has just vouched for `user` in this session."""
    held = session.get(PENDING) or {}
    wanted = {"user": str(user.pk), "for": tenant.schema_name}
    fresh = time.time() - held.get("at", 0) < PENDING_SECONDS
    return fresh and all(held.get(name) == value for name, value in wanted.items())


def expect(session: Any, user: Any, tenant: Tenant) -> None:
    """The issuer vouches for `user`; the sign-in that follows is by it."""
    session[PENDING] = {"user": str(user.pk), "for": tenant.schema_name, "at": time.time()}
