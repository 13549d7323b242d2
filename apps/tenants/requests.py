"""What the middleware of this floor adds to a request, for the type checker's sake."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from apps.accounts.models import User
from apps.tenants.models import Membership, Tenant


class HostRequest(HttpRequest):
    """Any request: `tenant` is None on the public host."""

    tenant: Tenant | None
    on_custom_domain: bool
    membership: Membership | None
    can: frozenset[str]
    mfa_wanted_by: str
    console_workspace: Tenant | None
    htmx: HtmxDetails


class PublicRequest(HttpRequest):
    """A signed-in request on the public host."""

    user: User
    htmx: HtmxDetails


class WorkspaceRequest(HttpRequest):
    """A member's request on their workspace's host."""

    user: User
    tenant: Tenant
    on_custom_domain: bool
    membership: Membership
    can: frozenset[str]
    htmx: HtmxDetails


def by(request: HttpRequest) -> User:
    """The signed-in person behind a page that demands one."""
    return cast("User", request.user)
