"""A workspace may demand two-step sign-in of its people; those without set it up first."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from apps.accounts.services import second_steps
from apps.core import problems
from apps.tenants import configuration
from apps.tenants.errors import MfaRequired
from apps.tenants.middleware import GetResponse
from apps.tenants.models import Membership
from apps.tenants.requests import HostRequest

# The way in and out, a person's own settings, and what the pages are made of.
OPEN = ("/accounts/", "/enter/", "/healthz", "/branding/", "/_allauth/")


def is_demanded(membership: Membership) -> bool:
    """Whether the workspace wants it of this role. People without an e-mail, whose way in is
    their teacher's to give, are left out. Asks no database.
    """
    roles = configuration.of(membership.tenant).mfa_roles
    return membership.role in roles and membership.user.is_reachable


def is_missing(membership: Membership) -> bool:
    return is_demanded(membership) and not second_steps.are_set_up(membership.user)


def refusal(membership: Membership) -> MfaRequired:
    return MfaRequired(
        f"{membership.tenant} asks you for two-step sign-in. Set it up at "
        f"{membership.tenant.url}{reverse('mfa_index')}, then try again."
    )


class MfaRulesMiddleware:
    """Leads members without it to where it is set up, before anything else; programs are told."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HostRequest) -> HttpResponse:
        request.mfa_wanted_by = ""
        membership = request.membership
        if membership is not None:
            membership.user = request.user  # type: ignore[assignment]
            if is_missing(membership):
                request.mfa_wanted_by = membership.tenant.name
                if not request.path.startswith(OPEN):
                    return _lead(request, membership)
        return self.get_response(request)


def _lead(request: HttpRequest, membership: Membership) -> HttpResponse:
    if request.path.startswith(problems.API):
        return problems.document(refusal(membership), request)
    address = f"{reverse('mfa_index')}?{urlencode({'next': request.get_full_path()})}"
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(address)
    return HttpResponseRedirect(address)
