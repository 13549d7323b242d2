"""Roles that a workspace makes itself, links that let people in, and owners who hand over."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from apps.core.ids import uuid7
from apps.tenants.permissions import (
    OWNER,
    OWNERS_ALONE,
    PERMISSIONS,
    STAFF_ROLES,
    Role,
    sorted_by_group,
)

BASES = [(role.value, role.label) for role in Role if role is not Role.OWNER]


class CustomRole(models.Model):
    """A role made of permissions, for one workspace.

    `key` is what programs call it and never changes. `based_on` is the built-in role it stands
    for wherever a role as such matters: which features withhold from it, what a list filters by.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.CASCADE, related_name="custom_roles"
    )
    key = models.SlugField(max_length=40)
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True)
    based_on = models.CharField(max_length=10, choices=BASES)
    permissions = ArrayField(models.CharField(max_length=60))
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="custom_role_key"),
            models.UniqueConstraint("tenant", Lower("name"), name="custom_role_name"),
            models.CheckConstraint(
                condition=~Q(key__in=Role.values), name="custom_role_key_not_built_in"
            ),
            models.CheckConstraint(
                condition=~Q(based_on=Role.OWNER), name="custom_role_owns_nothing"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def granted(self) -> frozenset[str]:
        """What it holds of what this release knows and does not keep for owners."""
        return (frozenset(self.permissions) & OWNER) - OWNERS_ALONE

    @property
    def summary(self) -> list[str]:
        """Its permissions' labels, in the order of declaration."""
        return [each.label for each in sorted_by_group(self.granted)]


class RoleBearer(models.Model):
    """Somebody who has a role here or is promised one: built in, or one of the workspace's own.

    With a custom role `role` is the one that is based on, so that a release that knows none
    gives no more than that.
    """

    role = models.CharField(max_length=10, choices=Role.choices)
    custom_role = models.ForeignKey(
        CustomRole, on_delete=models.RESTRICT, null=True, blank=True, related_name="%(class)ss"
    )

    class Meta:
        abstract = True

    @property
    def role_key(self) -> str:
        """What programs call it: `teacher`, or a custom role's key."""
        return self.custom_role.key if self.custom_role else self.role

    @property
    def role_name(self) -> str:
        """What people call it."""
        return self.custom_role.name if self.custom_role else Role(self.role).label

    @property
    def is_staff(self) -> bool:
        """Neither student nor guardian, nor in a role based on theirs."""
        return self.role in STAFF_ROLES

    @property
    def permissions(self) -> frozenset[str]:
        """What the role includes, whatever features withhold."""
        return self.custom_role.granted if self.custom_role else PERMISSIONS[self.role]


class InvitationLinkQuerySet(models.QuerySet["InvitationLink"]):
    def open(self) -> Self:
        now = timezone.now()
        return self.filter(revoked_at=None, expires_at__gt=now, uses__lt=F("most_uses"))


class InvitationLink(RoleBearer):
    """An offer of membership to whoever has the link. Only a hash of its secret is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.CASCADE, related_name="invitation_links"
    )
    name = models.CharField(max_length=80)
    token_hash = models.CharField(max_length=64, unique=True)
    email_domain = models.CharField(max_length=253, blank=True)
    most_uses = models.PositiveIntegerField()
    uses = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(uses__lte=F("most_uses")), name="link_uses_in_bounds"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        if self.revoked_at:
            return "revoked"
        if self.uses >= self.most_uses:
            return "used"
        return "expired" if self.expires_at <= timezone.now() else "open"

    @property
    def uses_left(self) -> int:
        """Seats it still promises."""
        return self.most_uses - self.uses if self.state == "open" else 0


class OwnershipTransferQuerySet(models.QuerySet["OwnershipTransfer"]):
    def open(self) -> Self:
        return self.filter(state=OwnershipTransfer.State.OFFERED, expires_at__gt=timezone.now())


class OwnershipTransfer(models.Model):
    """An owner's offer to another member to own the workspace in their place."""

    class State(models.TextChoices):
        OFFERED = "offered", "Offered"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Taken back"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.CASCADE, related_name="ownership_transfers"
    )
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    taker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OFFERED)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = OwnershipTransferQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"], condition=Q(state="offered"), name="one_open_transfer"
            ),
            models.CheckConstraint(condition=~Q(giver=F("taker")), name="transfer_to_another"),
        ]

    def __str__(self) -> str:
        return f"{self.tenant} from {self.giver} to {self.taker}"
