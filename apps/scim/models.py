"""What an identity provider knows of a workspace by SCIM 2.0 (RFC 7643): users and groups of its
own, and the tokens it comes with. Public rows: they lead to people and memberships.
"""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from apps.core.ids import uuid7
from apps.tenants.models import Tenant
from apps.tenants.permissions import Role


class Provisioning(models.Model):
    """How a workspace takes in people whom its identity provider sends."""

    tenant = models.OneToOneField(Tenant, models.CASCADE, related_name="provisioning")
    # The role's key (built-in or custom) of whoever is in no group that gives another.
    default_role = models.CharField(max_length=40, default=Role.STUDENT)

    def __str__(self) -> str:
        return f"Provisioning of {self.tenant}"


class TokenQuerySet(models.QuerySet["ScimToken"]):
    def usable(self) -> Self:
        running = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
        return self.filter(running, revoked_at__isnull=True)


class ScimToken(models.Model):
    """A bearer token of an identity provider. Only the SHA-256 of its secret is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="scim_tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12)
    secret_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        verbose_name = "SCIM token"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def state(self) -> str:
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= timezone.now() else "active"


class Resource(models.Model):
    """What users and groups share (RFC 7643 section 3.1)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    external_id = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True

    @property
    def version(self) -> str:
        """An entity tag (RFC 7644 section 3.14): another one after each change."""
        return f'W/"{int(self.updated_at.timestamp() * 1_000_000):x}"'


class ScimUser(Resource):
    """A person as the identity provider has them. `user` is empty while an invitation waits."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="scim_users")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    user_name = models.CharField(max_length=254)
    email = models.EmailField(max_length=254)
    given_name = models.CharField(max_length=120, blank=True)
    family_name = models.CharField(max_length=120, blank=True)
    display_name = models.CharField(max_length=120, blank=True)
    active = models.BooleanField(default=True)
    # The account was made here, so its name and address follow the provider.
    is_managed = models.BooleanField(default=False)
    # What was given because of groups, to be taken back with them: the role's key, and
    # `pupil:<class>` or `teacher:<class>`.
    role_given = models.CharField(max_length=40, blank=True)
    places_given = ArrayField(models.CharField(max_length=50), default=list)

    class Meta:
        verbose_name = "SCIM user"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint("tenant", Lower("user_name"), name="scim_user_name_once"),
            models.UniqueConstraint(
                fields=["tenant", "user"], condition=Q(user__isnull=False), name="scim_user_once"
            ),
        ]

    def __str__(self) -> str:
        return self.user_name

    @property
    def full_name(self) -> str:
        return (self.display_name or f"{self.given_name} {self.family_name}".strip())[:120]


class ScimGroup(Resource):
    """A group of the provider's, and what its members get here: a role, a place in a class."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="scim_groups")
    display_name = models.CharField(max_length=254)
    members: Any = models.ManyToManyField(ScimUser, related_name="scim_groups")
    role = models.CharField(max_length=40, blank=True)
    class_id = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name = "SCIM group"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint("tenant", Lower("display_name"), name="scim_group_name_once")
        ]

    def __str__(self) -> str:
        return self.display_name


class ScimRequest(models.Model):
    """One of a provider's last requests, for whoever sets provisioning up."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="scim_requests")
    token = models.ForeignKey(ScimToken, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=300)
    status = models.PositiveSmallIntegerField()
    detail = models.CharField(max_length=300, blank=True)
    milliseconds = models.PositiveIntegerField()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["tenant", "-id"], name="scim_request_newest")]

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.status}"


class ProvisionedWorkspace(Tenant):
    """The console's view of a workspace by what its identity provider has done there."""

    class Meta:
        proxy = True
        verbose_name = "provisioned workspace"
        verbose_name_plural = "provisioning"
