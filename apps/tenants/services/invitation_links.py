"""Inviting people by a link that is handed round: for one role, so many people, until a day, and
where wanted for addresses of one domain only.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services import emails
from apps.audit.services import entries as audit
from apps.core.errors import Invalid, NotFound
from apps.tenants import roles
from apps.tenants.access import require, require_writable
from apps.tenants.domain_names import normalise
from apps.tenants.errors import InvitationGone, WrongAddress
from apps.tenants.models import InvitationLink, Membership, Tenant
from apps.tenants.permissions import Role
from apps.tenants.services import invitations
from apps.tenants.signals import link_accepted

MOST_USES, MOST_DAYS = 500, 90


def create(
    *,
    tenant: Tenant,
    name: str,
    role: str,
    by: User,
    most_uses: int = 30,
    days: int = 7,
    email_domain: str = "",
) -> tuple[InvitationLink, str]:
    """A link and its address, which nobody can show again. It keeps a seat for each use.

    Raises `Invalid`, `RoleBeyondReach`, and `LimitReached` for more seats than there are. Owners
    are not made by link.
    """
    require("members.invite", by=by, tenant=tenant)
    email_domain = _check(name, role, most_uses, days, email_domain)
    offered = roles.choose(tenant=tenant, key=role)
    invitations.require_offer(offered, by=by, tenant=tenant)
    token = secrets.token_urlsafe(invitations.TOKEN_BYTES)
    with transaction.atomic():
        Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        kept = invitations.promised(tenant)
        invitations.want_seats(tenant, is_staff=offered.is_staff, promised=kept, adding=most_uses)
        link = InvitationLink(
            tenant=tenant, name=name.strip(), token_hash=invitations.hash_of(token),
            email_domain=email_domain, most_uses=most_uses, created_by=by,
            expires_at=timezone.now() + timedelta(days=days),
        )  # fmt: skip
        offered.give_to(link)
        link.save(force_insert=True)
        about = {"role": link.role_key, "most_uses": most_uses, "email_domain": email_domain}
        _record("invitation_link.created", link, by, about)
    return link, f"{settings.PUBLIC_URL}/invitations/link/{token}/"


def revoke(*, link: InvitationLink, by: Any) -> None:
    """End a link; who came by it stays. Ending it twice changes nothing."""
    require("members.invite", by=by, tenant=link.tenant)
    with transaction.atomic():
        open_ones = InvitationLink.objects.filter(pk=link.pk, revoked_at=None)
        if open_ones.update(revoked_at=timezone.now()):
            _record("invitation_link.revoked", link, by, {"uses": link.uses})


def accept(*, link: InvitationLink, by: User) -> Membership:
    """Join by the link. A member stays what they are, and uses nothing up. Raises
    `InvitationGone`, `WrongAddress` for an address outside the link's domain.
    """
    require_writable(tenant=link.tenant)
    if link.email_domain and not _fits(link, by):
        raise WrongAddress(
            f"This link is for addresses of {link.email_domain}. Add one of yours there to your "
            "account and confirm it, then open the link again."
        )
    with transaction.atomic():
        Tenant.objects.select_for_update(no_key=True).get(pk=link.tenant_id)
        member = Membership.objects.filter(user=by, tenant=link.tenant).first()
        if member is not None:
            return member
        if not InvitationLink.objects.open().filter(pk=link.pk).update(uses=F("uses") + 1):
            raise InvitationGone
        invitations.want_seats(link.tenant, is_staff=link.is_staff)
        made = Membership.objects.create(
            user=by, tenant=link.tenant, role=link.role, custom_role=link.custom_role
        )
        _record("member.joined", link, by, {"role": link.role_key, "link": link.name})
        link_accepted.send(sender=InvitationLink, link=link, membership=made, by=by)
    return made


def find_by_token(*, token: str) -> InvitationLink:
    """The open link; raises `InvitationGone` whatever the reason."""
    rows = InvitationLink.objects.open().select_related("tenant", "custom_role", "created_by")
    link = rows.filter(token_hash=invitations.hash_of(token)).first()
    if link is None:
        raise InvitationGone
    return link


def find(*, tenant: Tenant, link_id: UUID) -> InvitationLink:
    """Raises `NotFound` for another workspace's link as for none."""
    rows = InvitationLink.objects.filter(tenant=tenant).select_related("tenant", "custom_role")
    link = rows.filter(pk=link_id).first()
    if link is None:
        raise NotFound("There is no such link in this workspace.")
    return link


def _fits(link: InvitationLink, person: User) -> bool:
    return any(email.endswith(f"@{link.email_domain}") for email in emails.verified(user=person))


def _check(name: str, role: str, most_uses: int, days: int, email_domain: str) -> str:
    errors: dict[str, list[str]] = {}
    email_domain = email_domain.strip().lower().removeprefix("@")
    if not name.strip() or len(name.strip()) > 80 or not name.isprintable():  # noqa: PLR2004
        errors["name"] = ["Say in 80 characters or fewer whom it is for."]
    if role == Role.OWNER:
        errors["role"] = ["Owners are made one by one: invite them by mail."]
    if not 1 <= most_uses <= MOST_USES:
        errors["most_uses"] = [f"Choose from 1 to {MOST_USES}."]
    if not 1 <= days <= MOST_DAYS:
        errors["days"] = [f"Choose from 1 to {MOST_DAYS} days."]
    if email_domain:
        try:
            email_domain = normalise(email_domain)
        except Invalid:
            errors["email_domain"] = ["Write a domain such as school.example."]
    if errors:
        raise Invalid(errors=errors)
    return email_domain


def _record(action: str, link: InvitationLink, by: Any, data: dict[str, Any]) -> None:
    audit.record(action=action, by=by, schema_name=link.tenant.schema_name, target=link, data=data)
