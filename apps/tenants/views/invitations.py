"""The public host: what a person does with an invitation."""

from __future__ import annotations

from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import User
from apps.core.errors import NotFound
from apps.tenants.models import Invitation
from apps.tenants.pages import person_page
from apps.tenants.requests import PublicRequest
from apps.tenants.services import invitations, tickets


@require_safe
def show(request: HttpRequest, token: str) -> HttpResponse:
    """Who invites whom to what; strangers sign up or in from here and come back."""
    invitation = invitations.find_by_token(token=token)
    person = request.user if isinstance(request.user, User) else None
    context = {
        "invitation": invitation,
        "token": token,
        "known": User.objects.filter(email__iexact=invitation.email).exists(),
        "wrong_person": bool(person and person.email.lower() != invitation.email.lower()),
        "login_url": _with_return("account_login", request.path, invitation),
        "signup_url": _with_return("account_signup", request.path, invitation),
    }
    if person is None:
        # The link came by mail to this address, so signing up with it needs no second mail.
        get_adapter(request).stash_verified_email(request, invitation.email)
    response = render(request, "onboarding/invitation.html", context)
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_POST
@person_page
def accept(request: PublicRequest, token: str) -> HttpResponse:
    return _join(request, invitations.find_by_token(token=token))


@require_POST
@person_page
def accept_waiting(request: PublicRequest, invitation_id: str) -> HttpResponse:
    """Join from one's list of workspaces, where the address vouches for the person."""
    waiting = invitations.waiting_for(user=request.user)
    found = next((one for one in waiting if str(one.pk) == str(invitation_id)), None)
    if found is None:
        raise NotFound("There is no such invitation for you.")
    return _join(request, found)


def _join(request: PublicRequest, invitation: Invitation) -> HttpResponse:
    membership = invitations.accept(invitation=invitation, by=request.user)
    messages.success(request, f"Welcome to {membership.tenant}.")
    return redirect(tickets.issue(tenant=membership.tenant, by=request.user))


def _with_return(name: str, back: str, invitation: Invitation) -> str:
    return f"{resolve_url(name)}?{urlencode({'next': back, 'email': invitation.email})}"
