"""Sessions of programs, which bring them in a header: they belong to one host like any other."""

from __future__ import annotations

from allauth.core import context
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from apps.accounts.services import sessions
from apps.tenants.middleware import SESSION_WORKSPACE
from apps.tenants.session_rules import limits_of

# In the session: it was opened by a program. A browser's key is no token, whatever it was opened
# by: the pages' gates (apps.sso, apps.tenants.mfa_rules) do not stand before allauth's endpoints.
PROGRAM = "program"


class HostSessionStrategy(SessionTokenStrategy):  # type: ignore[misc]
    def create_session_token(self, request: HttpRequest) -> str:
        """A sign-in that waits for its second step belongs to its host already."""
        request.session[SESSION_WORKSPACE] = _here(request)
        request.session[PROGRAM] = True
        request.session.save()
        if request.user.is_authenticated:
            sessions.note_use(request, schema_name=_here(request))
            request.session.save()
        return str(super().create_session_token(request))

    def lookup_session(self, session_token: str) -> SessionBase | None:
        """None for a browser's, on another host than the one it was opened on, or when its time
        is over, as for a made-up token.
        """
        session: SessionBase | None = super().lookup_session(session_token)
        if session is None or not session.get(PROGRAM):
            return None
        if session.get(SESSION_WORKSPACE) != _here(context.request):
            return None
        tenant = getattr(context.request, "tenant", None)
        return None if sessions.is_over(session, limits_of(tenant)) else session


def _here(request: HttpRequest) -> str:
    tenant = getattr(request, "tenant", None)
    return tenant.schema_name if tenant else ""
