"""Which workspace a request is in, and whether its person belongs there."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import DisallowedHost
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import set_urlconf

from apps.core.database import connection
from apps.tenants import directory
from apps.tenants.models import Membership, Tenant
from apps.tenants.permissions import PERMISSIONS
from apps.tenants.requests import HostRequest

SESSION_WORKSPACE = "workspace"
SESSION_CONSOLE_WORKSPACE = "console_workspace"
GetResponse = Callable[[HostRequest], HttpResponse]


class WorkspaceMiddleware:
    """Host to workspace to `search_path`. `request.tenant` is None on the public host."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HostRequest) -> HttpResponse:
        before = connection.tenant
        connection.set_schema_to_public()
        try:
            return self._enter(request) or self.get_response(request)
        finally:
            connection.set_tenant(before)

    def _enter(self, request: HostRequest) -> HttpResponse | None:
        request.tenant = None
        request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
        set_urlconf(request.urlconf)
        try:
            host = request.get_host().partition(":")[0].lower()
        except DisallowedHost:
            return HttpResponse("This host is not served here.", status=421)
        if host in _public_hosts():
            return None
        tenant = directory.find(host)
        if tenant is None or tenant.state != Tenant.State.ACTIVE:
            return _absent(request, tenant)
        request.tenant = tenant
        request.urlconf = settings.ROOT_URLCONF
        set_urlconf(request.urlconf)
        connection.set_tenant(tenant)
        return None


class MembershipMiddleware:
    """`request.membership` in a workspace; a session of another host counts as signed out."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HostRequest) -> HttpResponse:
        request.membership = None
        request.can = frozenset()
        if request.user.is_authenticated:
            here = request.tenant.schema_name if request.tenant else ""
            if request.session.get(SESSION_WORKSPACE, "") != here:
                request.user = AnonymousUser()
            elif request.tenant:
                request.membership = Membership.objects.of(user=request.user, tenant=request.tenant)
                if request.membership:
                    request.can = PERMISSIONS[request.membership.role]
        return self.get_response(request)


class ConsoleWorkspaceMiddleware:
    """In the operator console, the workspace an operator has chosen joins the search path."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HostRequest) -> HttpResponse:
        request.console_workspace = None
        if (
            request.tenant is None
            and request.path.startswith("/operator/")
            and request.user.is_staff
            and request.user.is_verified()  # type: ignore[attr-defined]
        ):
            schema = request.session.get(SESSION_CONSOLE_WORKSPACE)
            tenant = Tenant.objects.filter(schema_name=schema).first() if schema else None
            if tenant is not None:
                request.console_workspace = tenant
                connection.set_tenant(tenant)
        return self.get_response(request)


def _public_hosts() -> set[str]:
    hosts = {settings.PUBLIC_DOMAIN}
    return hosts if settings.TOOLBOXAI_ENV == "production" else hosts | {"127.0.0.1", "[::1]"}


def _absent(request: HostRequest, tenant: Tenant | None) -> HttpResponse:
    status = 503 if tenant else 404
    return render(request, "errors/no_workspace.html", {"tenant": tenant}, status=status)
