"""Inviting people by mail. A link holds for seven days and opens one workspace for one address."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services import emails
from apps.audit.services import entries as audit
from apps.core.errors import Invalid, NotFound
from apps.tenants.access import require, require_open
from apps.tenants.errors import AlreadyInvited, AlreadyMember, InvitationGone, WrongAddress
from apps.tenants.models import Invitation, Membership, Tenant, invitation_expiry
from apps.tenants.permissions import Role
from apps.tenants.signals import invitation_accepted, invitation_sent, seats_wanted

TOKEN_BYTES = 32


def send(*, tenant: Tenant, email: str, role: str, by: User) -> Invitation:
    """Invite `email`; raises `Invalid`, `AlreadyMember` or `AlreadyInvited`."""
    require("members.invite", by=by, tenant=tenant)
    if role == Role.OWNER:
        require("members.make_owner", by=by, tenant=tenant)
    email = email.strip().lower()
    _check(email, role)
    if tenant.memberships.filter(user__email__iexact=email).exists():
        raise AlreadyMember(f"{email} is a member of {tenant} already.")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    try:
        with transaction.atomic():
            # One after the other, so that no two promise the same last seat.
            Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
            _withdraw_expired(tenant, email)
            _want_seats(tenant, promised=tenant.invitations.open().count())
            invitation = Invitation.objects.create(
                tenant=tenant, email=email, role=role, token_hash=_hash(token), invited_by=by
            )
            _record("invitation.sent", invitation, by)
            _tell(invitation, token, by)
    except IntegrityError as error:
        raise AlreadyInvited(f"{email} has an invitation; send it again from the list.") from error
    return invitation


def resend(*, invitation: Invitation, by: User) -> Invitation:
    """Send a fresh link for another seven days; the earlier one ends."""
    require("members.invite", by=by, tenant=invitation.tenant)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        locked = _lock(invitation)
        if locked.role == Role.OWNER:
            require("members.make_owner", by=by, tenant=locked.tenant)
        locked.token_hash, locked.expires_at = _hash(token), invitation_expiry()
        locked.save(update_fields=["token_hash", "expires_at"])
        _record("invitation.resent", locked, by)
        _tell(locked, token, by)
    return locked


def revoke(*, invitation: Invitation, by: Any) -> None:
    """End an invitation that nobody has taken up."""
    require("members.invite", by=by, tenant=invitation.tenant)
    with transaction.atomic():
        locked = _lock(invitation)
        locked.revoked_at = timezone.now()
        locked.save(update_fields=["revoked_at"])
        _record("invitation.revoked", locked, by)


def accept(*, invitation: Invitation, by: User) -> Membership:
    """Join the workspace. `by` must own the invited address; an earlier, higher role stays."""
    if invitation.email.lower() not in {by.email.lower(), *emails.verified(user=by)}:
        raise WrongAddress(
            f"This invitation is for {invitation.email}; you are signed in as {by.email}."
        )
    require_open(tenant=invitation.tenant)
    with transaction.atomic():
        locked = _lock(invitation)
        if locked.expires_at <= timezone.now():
            raise InvitationGone
        if not locked.tenant.memberships.filter(user=by).exists():
            _want_seats(locked.tenant)
        membership, joined = Membership.objects.get_or_create(
            user=by, tenant=locked.tenant, defaults={"role": locked.role}
        )
        locked.accepted_at = timezone.now()
        locked.save(update_fields=["accepted_at"])
        if joined:
            _record("member.joined", locked, by)
        invitation_accepted.send(sender=Invitation, invitation=locked, membership=membership, by=by)
    return membership


def find_by_token(*, token: str) -> Invitation:
    """The open invitation behind a link; raises `InvitationGone` whatever the reason."""
    found = Invitation.objects.open().select_related("tenant", "invited_by")
    invitation = found.filter(token_hash=_hash(token)).first()
    if invitation is None:
        raise InvitationGone
    return invitation


def find(*, tenant: Tenant, invitation_id: UUID) -> Invitation:
    """Raises `NotFound` for another workspace's invitation as for none."""
    found = Invitation.objects.select_related("tenant").filter(tenant=tenant, pk=invitation_id)
    invitation = found.first()
    if invitation is None:
        raise NotFound("There is no such invitation in this workspace.")
    return invitation


def waiting_for(*, user: User) -> list[Invitation]:
    """Open invitations to addresses this person has shown to be theirs."""
    addresses = emails.verified(user=user)
    return list(
        Invitation.objects.open().filter(email__in=addresses).select_related("tenant", "invited_by")
    )


def _want_seats(tenant: Tenant, promised: int = 0) -> None:
    """One seat more than there are members; whoever invites has kept those of open invitations."""
    seats_wanted.send(sender=Tenant, tenant=tenant, adding=promised + 1)


def _withdraw_expired(tenant: Tenant, email: str) -> None:
    now = timezone.now()
    Invitation.objects.filter(
        tenant=tenant, email__iexact=email, accepted_at=None, revoked_at=None, expires_at__lte=now
    ).update(revoked_at=now)


def _lock(invitation: Invitation) -> Invitation:
    locked = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("tenant")
        .get(pk=invitation.pk)
    )
    if locked.accepted_at or locked.revoked_at:
        raise InvitationGone
    return locked


def _tell(invitation: Invitation, token: str, by: User) -> None:
    url = f"{settings.PUBLIC_URL}/invitations/{token}/"
    invitation_sent.send(sender=Invitation, invitation=invitation, url=url, by=by)


def _record(action: str, invitation: Invitation, by: Any) -> None:
    audit.record(
        action=action,
        by=by,
        schema_name=invitation.tenant.schema_name,
        target=invitation,
        label=invitation.email,
        data={"role": invitation.role},
    )


def _hash(token: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(token.encode()).hexdigest()


def _check(email: str, role: str) -> None:
    errors: dict[str, list[str]] = {}
    try:
        validate_email(email)
    except ValidationError:
        errors["email"] = ["Enter a valid e-mail address."]
    if role not in Role.values:
        errors["role"] = [f"Choose one of: {', '.join(Role.values)}."]
    if errors:
        raise Invalid(errors=errors)
