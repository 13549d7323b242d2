"""How long sessions last in a workspace, and that they end then."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from apps.accounts.services import sessions
from apps.accounts.services.sessions import Limits
from apps.tenants import configuration
from apps.tenants.middleware import GetResponse
from apps.tenants.models import Tenant
from apps.tenants.requests import HostRequest


def limits_of(tenant: Tenant | None) -> Limits:
    """The installation's limits, or the shorter ones that the workspace has set."""
    found = configuration.of(tenant) if tenant else None
    idle, absolute = settings.SESSION_IDLE, settings.SESSION_ABSOLUTE
    if found and found.session_idle_minutes:
        idle = min(idle, timedelta(minutes=found.session_idle_minutes))
    if found and found.session_hours:
        absolute = min(absolute, timedelta(hours=found.session_hours))
    return Limits(idle, absolute)


class SessionsMiddleware:
    """Ends a browser's session whose time is over, and notes the use of the others."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HostRequest) -> HttpResponse:
        if request.user.is_authenticated:
            ending = sessions.ending_of(request.session, limits_of(request.tenant))
            if ending:
                sessions.end_present(request, ending=ending)
                logout(request)
                request.membership, request.can = None, frozenset()
        response = self.get_response(request)
        if request.user.is_authenticated and _is_browsers(request):
            schema = request.tenant.schema_name if request.tenant else ""
            sessions.note_use(request, schema_name=schema)
        return response


def _is_browsers(request: HttpRequest) -> bool:
    """Signing out leaves an empty session, an impersonation a person who has none."""
    return str(request.user.pk) == request.session.get("_auth_user_id")
