"""What a session opens, by the means it was opened with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse, JsonResponse

from apps.accounts import middleware as accounts_middleware
from apps.accounts.services import step_up
from apps.sso import rules
from apps.tenants.requests import HostRequest

OWN_PLACES = ("/accounts/", "/_allauth/")
# Of those, what everybody may: coming, going, and showing who it is.
OPEN = {
    "account_login", "account_logout", "account_reauthenticate", "current_session",
    "sso_login", "sso_callback", "sso_link",
}  # fmt: skip


class SsoMiddleware:
    """Where the workspace requires its own sign-in, a session opened by other means counts as
    signed out, however it came about. A session that the issuer opened, which is the customer's
    and could name anybody, leaves the person's own settings alone until the person shows by means
    of their own who they are. No query.
    """

    def __init__(self, get_response: Callable[[HostRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HostRequest) -> HttpResponse:
        if (
            request.tenant
            and request.tenant.sso_required
            and rules.is_bound(request.membership, request.user)
            and not rules.came_by_issuer(request.session, request.tenant)
        ):
            request.user, request.membership, request.can = AnonymousUser(), None, frozenset()
        return self.get_response(request)

    def process_view(
        self, request: HostRequest, _view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        if not (
            request.path.startswith(OWN_PLACES)
            and request.user.is_authenticated
            and rules.came_by_issuer(request.session, request.tenant)
        ):
            return None
        match = request.resolver_match
        if (match and match.url_name in OPEN) or step_up.proven_at(request):
            return None
        if request.path.startswith("/_allauth/"):
            message = "Sign in with means of your own to change your own settings."
            errors = [{"code": "own_means_required", "message": message}]
            return JsonResponse({"status": 403, "errors": errors}, status=403)
        return accounts_middleware.ask(request)
