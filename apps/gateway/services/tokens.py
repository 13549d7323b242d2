"""Tokens of a workspace for its people: asked for with a password, exchanged, ended."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts import known_devices, throttles
from apps.accounts.errors import (
    CredentialsRefused,
    EmailUnverified,
    MfaCodeRefused,
    MfaCodeRequired,
    TokenRefused,
)
from apps.accounts.models import User, UserSession
from apps.accounts.services import emails, second_steps, sessions, tokens
from apps.accounts.services.tokens import Pair
from apps.accounts.signals import signing_in
from apps.core.attempts import TooManyAttempts
from apps.core.errors import NotAllowed
from apps.gateway.services import token_sessions
from apps.tenants import mfa_rules
from apps.tenants.models import Membership, Tenant
from apps.tenants.session_rules import limits_of

WAIT = 300


class NotMember(NotAllowed):
    code = "not_member"
    title = "You are no member of this workspace"


def issue(
    *, request: HttpRequest, tenant: Tenant, email: str, password: str, code: str, name: str
) -> Pair:
    """Sign a person of the workspace in, for an app or script that calls itself `name`. Attempts
    are counted as on the sign-in page. Raises the errors of `apps.accounts.errors`.
    """
    throttles.take_address(request, email)
    user = _authenticate(request, email, password)
    signing_in.send(sender=User, request=request, user=user)
    check_second_step(user, code)
    if user.email.lower() not in emails.verified(user=user):
        raise EmailUnverified(f"Open the link we sent to {user.email}, then try again.")
    membership = _membership(user, tenant)
    if mfa_rules.is_missing(membership):
        raise mfa_rules.refusal(membership)
    known_devices.note(request, user)
    return tokens.open_session(
        user=user,
        schema_name=tenant.schema_name,
        name=name,
        origin=sessions.origin(request),
        limits=limits_of(tenant),
    )


def exchange(*, tenant: Tenant, refresh_token: str) -> Pair:
    """The next pair for a refresh token of this workspace; raises `TokenRefused`."""
    claims = tokens.read(refresh_token, use=tokens.REFRESH, schema_name=tenant.schema_name)
    if Membership.objects.of(user=User(pk=claims.user_id), tenant=tenant) is None:
        raise TokenRefused
    return tokens.exchange(
        token=refresh_token, schema_name=tenant.schema_name, limits=limits_of(tenant)
    )


def confirm(*, request: HttpRequest, session_id: Any, user: User, password: str, code: str) -> None:
    """The person behind a token shows again who they are, for the next dangerous deeds."""
    person = User.objects.get(pk=user.pk)
    if code and second_steps.are_set_up(person):
        check_second_step(person, code)
    elif _authenticate(request, person.email, password).pk != person.pk:
        raise CredentialsRefused
    UserSession.objects.live().filter(pk=session_id).update(proven_at=timezone.now())
    token_sessions.forget([session_id])


def check_second_step(user: User, code: str) -> None:
    """Raises unless `code` is right, for people who have switched two-step sign-in on."""
    if not second_steps.are_set_up(user):
        return
    if not code:
        raise MfaCodeRequired("Send the code your authenticator app shows, or a recovery code.")
    form = AuthenticateForm(user=user, data={"code": code})
    if form.is_valid():
        form.authenticator.record_usage()
        return
    errors = form.errors.as_data().get("code", [])
    raise TooManyAttempts(WAIT) if _is_too_often(errors) else MfaCodeRefused


def _authenticate(request: HttpRequest, email: str, password: str) -> User:
    try:
        user = get_adapter().authenticate(request, email=email.strip(), password=password)
    except ValidationError as error:  # counted out, which pages say at the form
        raise (error.__cause__ or error) from None
    if user is None or not user.is_active:
        raise CredentialsRefused
    return cast("User", user)


def _membership(user: User, tenant: Tenant) -> Membership:
    membership = Membership.objects.of(user=user, tenant=tenant)
    if membership is None:
        raise NotMember(f"Ask an owner or admin of {tenant} to invite you.")
    membership.user, membership.tenant = user, tenant
    return membership


def _is_too_often(errors: list[ValidationError]) -> bool:
    return any(error.code == "too_many_login_attempts" for error in errors)
