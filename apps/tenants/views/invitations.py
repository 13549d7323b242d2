"""The public host: what a person does with an invitation."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import User
from apps.accounts.services import step_up
from apps.core.errors import NotFound
from apps.tenants.errors import InvitationGone
from apps.tenants.models import Invitation
from apps.tenants.pages import person_page
from apps.tenants.requests import PublicRequest, by
from apps.tenants.services import invitations, tickets


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Who invites whom to what. Strangers sign up or in from here and come back; POST joins."""
    try:
        invitation = invitations.find_by_token(token=token)
    except InvitationGone as gone:
        return _page(request, {"invitation": None}, status=gone.status)
    if request.method == "POST" and isinstance(request.user, User):
        return _join(request, invitation)
    person = request.user if isinstance(request.user, User) else None
    if person is None:
        # The link came by mail to this address, so signing up with it needs no second mail.
        get_adapter(request).stash_verified_email(request, invitation.email)
    context = {
        "invitation": invitation,
        "needs_sign_in": person is None,
        "wrong_person": bool(person and person.email.lower() != invitation.email.lower()),
        "login_url": _with_return("account_login", request.path, invitation),
        "signup_url": _with_return("account_signup", request.path, invitation),
    }
    return _page(request, context)


@require_POST
@person_page
def join(request: PublicRequest, pk: UUID) -> HttpResponse:
    """Join from one's list of workspaces, where the address vouches for the person."""
    waiting = invitations.waiting_for(user=request.user)
    found = next((one for one in waiting if one.pk == pk), None)
    if found is None:
        raise NotFound("There is no such invitation for you.")
    return _join(request, found)


def _join(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    person = by(request)
    membership = invitations.accept(invitation=invitation, by=person)
    # A form of this host may be redirected to the product's own hosts only (form-action).
    tenant = membership.tenant
    proof = step_up.proof_of(request)
    return redirect(tickets.issue(tenant=tenant, by=person, at=tenant.own_url, proof=proof))


def _page(request: HttpRequest, context: dict[str, object], status: int = 200) -> HttpResponse:
    response = render(request, "onboarding/invitation.html", context, status=status)
    # The address holds a secret. "no-referrer" would send the form with an Origin of null,
    # which the CSRF check refuses.
    response["Referrer-Policy"] = "same-origin"
    return response


def _with_return(name: str, back: str, invitation: Invitation) -> str:
    return f"{resolve_url(name)}?{urlencode({'next': back, 'email': invitation.email})}"
