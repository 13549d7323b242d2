"""Inviting people by mail. A link holds for seven days and opens one workspace for one address."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services import emails
from apps.audit.services import entries as audit
from apps.core.errors import Invalid, NotFound
from apps.tenants import roles
from apps.tenants.access import require, require_writable
from apps.tenants.errors import AlreadyInvited, AlreadyMember, InvitationGone, WrongAddress
from apps.tenants.models import (
    Invitation,
    InvitationLink,
    Membership,
    Tenant,
    invitation_expiry,
)
from apps.tenants.permissions import STAFF_ROLES, Role
from apps.tenants.roles import Choice
from apps.tenants.signals import invitation_accepted, invitation_sent, seats_wanted

TOKEN_BYTES = 32


def send(
    *, tenant: Tenant, email: str, role: str, by: Any, permission: str = "members.invite"
) -> Invitation:
    """Invite `email` as `role`, a built-in one's name or a custom one's key. Raises `Invalid`,
    `AlreadyMember`, `AlreadyInvited`, or `RoleBeyondReach`.

    `permission`: what services of upper floors ask instead, for the roles they give.
    """
    require(permission, by=by, tenant=tenant)
    email = email.strip().lower()
    offered = _offered(email, role, tenant)
    require_offer(offered, by=by, tenant=tenant)
    if tenant.memberships.filter(user__email__iexact=email).exists():
        raise AlreadyMember(f"{email} is a member of {tenant} already.")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    try:
        with transaction.atomic():
            # One after the other, so that no two promise the same last seat.
            Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
            _withdraw_expired(tenant, email)
            want_seats(tenant, promised=promised(tenant), is_staff=offered.is_staff)
            invitation = Invitation(
                tenant=tenant,
                email=email,
                token_hash=hash_of(token),
                invited_by=by if isinstance(by, User) else None,
            )
            offered.give_to(invitation)
            invitation.save(force_insert=True)
            _record("invitation.sent", invitation, by)
            _tell(invitation, token, by)
    except IntegrityError as error:
        raise AlreadyInvited(f"{email} has an invitation; send it again from the list.") from error
    return invitation


def resend(*, invitation: Invitation, by: Any, permission: str = "members.invite") -> Invitation:
    """Send a fresh link for another seven days; the earlier one ends."""
    require(permission, by=by, tenant=invitation.tenant)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        locked = _lock(invitation)
        require_offer(roles.held_by(locked), by=by, tenant=locked.tenant)
        locked.token_hash, locked.expires_at = hash_of(token), invitation_expiry()
        locked.save(update_fields=["token_hash", "expires_at"])
        _record("invitation.resent", locked, by)
        _tell(locked, token, by)
    return locked


def revoke(*, invitation: Invitation, by: Any, permission: str = "members.invite") -> None:
    """End an invitation that nobody has taken up."""
    require(permission, by=by, tenant=invitation.tenant)
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
    require_writable(tenant=invitation.tenant)
    with transaction.atomic():
        locked = _lock(invitation)
        if locked.expires_at <= timezone.now():
            raise InvitationGone
        if not locked.tenant.memberships.filter(user=by).exists():
            want_seats(locked.tenant, is_staff=locked.is_staff)
        membership, joined = Membership.objects.get_or_create(
            user=by, tenant=locked.tenant,
            defaults={"role": locked.role, "custom_role": locked.custom_role},
        )  # fmt: skip
        locked.accepted_at = timezone.now()
        locked.save(update_fields=["accepted_at"])
        if joined:
            _record("member.joined", locked, by)
        invitation_accepted.send(sender=Invitation, invitation=locked, membership=membership, by=by)
    return membership


def find_by_token(*, token: str) -> Invitation:
    """The open invitation behind a link; raises `InvitationGone` whatever the reason."""
    found = Invitation.objects.open().select_related("tenant", "invited_by", "custom_role")
    invitation = found.filter(token_hash=hash_of(token)).first()
    if invitation is None:
        raise InvitationGone
    return invitation


def find(*, tenant: Tenant, invitation_id: UUID) -> Invitation:
    """Raises `NotFound` for another workspace's invitation as for none."""
    found = Invitation.objects.select_related("tenant", "custom_role").filter(
        tenant=tenant, pk=invitation_id
    )
    invitation = found.first()
    if invitation is None:
        raise NotFound("There is no such invitation in this workspace.")
    return invitation


def waiting_for(*, user: User) -> list[Invitation]:
    """Open invitations to addresses this person has shown to be theirs."""
    addresses = emails.verified(user=user)
    return list(
        Invitation.objects.open()
        .filter(email__in=addresses)
        .select_related("tenant", "invited_by", "custom_role")
    )


class Seats(NamedTuple):
    """`staff` of all the `members`."""

    members: int
    staff: int


NONE: Final = Seats(0, 0)


def promised(tenant: Tenant) -> Seats:
    """What open invitations and links have promised."""
    links = InvitationLink.objects.open().filter(tenant=tenant)
    left, is_staff = F("most_uses") - F("uses"), Q(role__in=STAFF_ROLES)
    linked = links.aggregate(members=Sum(left), staff=Sum(left, filter=is_staff))
    mailed = tenant.invitations.open().aggregate(
        members=Count("pk"), staff=Count("pk", filter=is_staff)
    )
    return Seats(*(mailed[name] + (linked[name] or 0) for name in Seats._fields))


def want_seats(tenant: Tenant, *, is_staff: bool, promised: Seats = NONE, adding: int = 1) -> None:
    """`adding` seats more than there are members, beside those that are promised. Whoever takes
    up an invitation takes the seat it has kept. Raises `LimitReached`.
    """
    staff = promised.staff + adding if is_staff else 0
    seats_wanted.send(sender=Tenant, tenant=tenant, adding=promised.members + adding, staff=staff)


def require_offer(offered: Choice, *, by: Any, tenant: Tenant) -> None:
    """Nobody offers a role beyond their own, and owners are made by owners."""
    if offered.role == Role.OWNER:
        require("members.make_owner", by=by, tenant=tenant)
    roles.require_reach(offered, by=by, tenant=tenant)


def _withdraw_expired(tenant: Tenant, email: str) -> None:
    now = timezone.now()
    Invitation.objects.filter(
        tenant=tenant, email__iexact=email, accepted_at=None, revoked_at=None, expires_at__lte=now
    ).update(revoked_at=now)


def _lock(invitation: Invitation) -> Invitation:
    locked = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("tenant", "custom_role")
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
        data={"role": invitation.role_key},
    )


def hash_of(token: str) -> str:
    # 256 random bits need no slow hash.
    return hashlib.sha256(token.encode()).hexdigest()


def _offered(email: str, role: str, tenant: Tenant) -> Choice:
    """The role; raises `Invalid` with what is wrong of either."""
    errors: dict[str, list[str]] = {}
    try:
        validate_email(email)
    except ValidationError:
        errors["email"] = ["Enter a valid e-mail address."]
    try:
        offered = roles.choose(tenant=tenant, key=role)
    except Invalid as error:
        raise Invalid(errors=errors | error.errors) from error
    if errors:
        raise Invalid(errors=errors)
    return offered
