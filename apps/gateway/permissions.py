from __future__ import annotations

from typing import Any, cast

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.accounts.services import step_up
from apps.gateway.errors import TestKeyRefused
from apps.tenants.access import permissions_of
from apps.tenants.models import Tenant
from apps.tenants.permissions import PROVEN, TEST_SCOPES


class WorkspacePermission(BasePermission):
    """The view's `required_permissions[action]` must be held in the request's workspace.

    A view that names none for an action lets nobody in. Writes that take one of `PROVEN`, and the
    actions a view names in `proven`, ask people for a recent proof (`step_up_required`).
    """

    message = "Your role or key does not include the permission this needs."

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method == "OPTIONS":  # answers with the methods there are, to anybody
            return True
        tenant = getattr(request._request, "tenant", None)
        if tenant is None or not request.user.is_authenticated:
            return False
        if getattr(view, "action", "") is None:  # no action answers to this method
            raise MethodNotAllowed(request.method or "")
        needed = getattr(view, "required_permissions", {}).get(getattr(view, "action", None))
        if getattr(request.user, "is_test", False) and needed not in TEST_SCOPES:
            raise TestKeyRefused(f"A test key looks and works on staging; {needed} is beyond that.")
        if needed is None or needed not in _held(request, tenant):
            return False
        writes = request.method not in SAFE_METHODS
        if (writes and needed in PROVEN) or view.action in getattr(view, "proven", ()):
            step_up.require(request)
        return True


def _held(request: Request, tenant: Tenant) -> frozenset[str]:
    """A token's session is remembered with what its person may do, and the membership of a
    browser's was looked up for this very request: neither is asked for again.
    """
    known: frozenset[str] | None = getattr(request.auth, "can", None)
    if known is not None:
        return known
    page: Any = request._request
    membership = getattr(page, "membership", None)
    if membership is not None and membership.user_id == request.user.pk:
        return cast("frozenset[str]", page.can)
    return permissions_of(request.user, tenant=tenant)
