"""What this floor hears from below: somebody whom the provider sent has joined, or is gone."""

from __future__ import annotations

from typing import Any

from apps.scim.models import ScimUser
from apps.scim.services import users
from apps.tenants.access import Provisioner
from apps.tenants.models import Invitation, Membership
from apps.tenants.signals import invitation_accepted, membership_ended


def connect() -> None:
    invitation_accepted.connect(link_user, sender=Invitation, dispatch_uid="scim-accepted")
    membership_ended.connect(unlink_user, sender=Membership, dispatch_uid="scim-ended")


def link_user(invitation: Invitation, membership: Membership, **_: Any) -> None:
    tenant = invitation.tenant
    waiting = ScimUser.objects.filter(tenant=tenant, user=None, email__iexact=invitation.email)
    if (row := waiting.first()) is not None:
        row.tenant = tenant
        by = Provisioner(tenant, "provisioning")
        users.welcome(row=row, membership=membership, by=by)


def unlink_user(membership: Membership, **_: Any) -> None:
    """Whoever leaves is known to the provider as inactive, and can be sent again."""
    rows = ScimUser.objects.filter(tenant=membership.tenant_id, user=membership.user_id)
    rows.update(user=None, active=False, role_given="", places_given=[])
