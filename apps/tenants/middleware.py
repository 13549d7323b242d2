"""Which workspace a request is in, and whether its person belongs there."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import DisallowedHost
from django.http import HttpResponse
from django.http.request import split_domain_port
from django.urls import set_urlconf

from apps.core.database import connection
from apps.tenants import closed, directory
from apps.tenants.access import granted_to
from apps.tenants.models import Domain, Membership, Tenant
from apps.tenants.requests import HostRequest

SESSION_WORKSPACE = "workspace"
SESSION_CONSOLE_WORKSPACE = "console_workspace"
LOOPBACK = frozenset({"127.0.0.1", "[::1]", "localhost"})
TLS_ASK = "/internal/tls/ask"
GetResponse = Callable[[HostRequest], HttpResponse]


class WorkspaceMiddleware:
    """Host to workspace to `search_path`; the gate for every host. `request.tenant` is None on
    the public host.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HostRequest) -> HttpResponse:
        before = connection.tenant
        connection.set_schema_to_public()
        try:
            return self._enter(request) or self._answer(request)
        finally:
            connection.set_tenant(before)

    def _enter(self, request: HostRequest) -> HttpResponse | None:
        """What is answered instead of a page, or None with the request made ready for one."""
        request.tenant, request.on_custom_domain = None, False
        _use(request, settings.PUBLIC_SCHEMA_URLCONF)
        try:
            host, _ = split_domain_port(request.get_host())
        except DisallowedHost:
            return HttpResponse("This host is not served here.", status=421)
        if host in settings.PUBLIC_HOSTS or _is_proxy(request, host):
            return None
        place = directory.find(host)
        if place is None or place.tenant.state == Tenant.State.PURGING:
            return closed.absent(request)
        if place.kind == Domain.Kind.FORMER:
            return closed.moved(request, place.tenant)
        if not place.tenant.is_open:
            return closed.closed(request, place.tenant)
        request.tenant = place.tenant
        request.on_custom_domain = place.kind == Domain.Kind.CUSTOM
        _use(request, settings.ROOT_URLCONF)
        connection.set_tenant(place.tenant)
        return None

    def _answer(self, request: HostRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.on_custom_domain and settings.SECURE_HSTS_SECONDS:
            # The customer's domain, not ours: nothing is decided for the hosts beside it.
            wish = f"max-age={settings.SECURE_HSTS_SECONDS}"
            response.headers.setdefault("Strict-Transport-Security", wish)
        return response


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
                    request.membership.tenant = request.tenant  # at hand, without a query
                    request.can = granted_to(request.membership)
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


def _use(request: HostRequest, urlconf: str) -> None:
    request.urlconf = urlconf
    set_urlconf(urlconf)


def _is_proxy(request: HostRequest, host: str) -> bool:
    """The TLS proxy's question, which it asks on loopback whatever the public host is called."""
    return host in LOOPBACK and request.path == TLS_ASK
