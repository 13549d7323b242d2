from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django_tenants.models import DomainMixin, TenantMixin

from apps.core.ids import uuid7
from apps.tenants.permissions import PERMISSIONS, Role

RESERVED_SLUGS = (
    "admin", "api", "app", "assets", "billing", "blog", "console", "dev", "docs", "help", "mail",
    "operator", "public", "sandbox", "static", "status", "support", "test", "www",
)  # fmt: skip
slug_is_dns_label = RegexValidator(
    r"^[a-z][a-z0-9-]{1,38}[a-z0-9]$",
    "Use 3 to 40 lower-case letters, digits and hyphens, starting with a letter.",
)


def invitation_expiry() -> datetime:
    return timezone.now() + timedelta(days=7)


class Tenant(TenantMixin):  # type: ignore[misc]
    """A customer's space: a PostgreSQL schema, its hosts, its members. Pages say workspace."""

    class Kind(models.TextChoices):
        SCHOOL = "school", "School"
        STUDIO = "studio", "Studio"

    class State(models.TextChoices):
        PROVISIONING = "provisioning", "Being set up"
        ACTIVE = "active", "Active"
        FAILED = "failed", "Set-up failed"

    # Provisioning runs in a job that shows its progress, never in `save()`.
    auto_create_schema = False
    auto_drop_schema = False

    name = models.CharField(max_length=100)
    slug = models.CharField(max_length=40, unique=True, validators=[slug_is_dns_label])
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.SCHOOL)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PROVISIONING)
    email = models.EmailField("billing e-mail", max_length=254)
    accent = models.CharField(
        "brand colour",
        max_length=7,
        blank=True,
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", "Write a colour as #rrggbb.")],
    )
    locale = models.CharField(max_length=10, default="en")
    time_zone = models.CharField(max_length=50, default="UTC")
    provisioning_run_id = models.UUIDField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "workspace"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=~Q(slug__in=RESERVED_SLUGS), name="slug_not_reserved")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        """The workspace's own host under the product's domain, without a port."""
        return f"{self.slug}.{settings.PUBLIC_DOMAIN}"

    @property
    def url(self) -> str:
        """Where people reach it, without a trailing slash."""
        parts = urlsplit(settings.PUBLIC_URL)
        return f"{parts.scheme}://{self.host}{f':{parts.port}' if parts.port else ''}"


class Domain(DomainMixin):  # type: ignore[misc]
    """A host name that leads to a workspace."""

    class Meta:
        ordering = ["domain"]


class MembershipQuerySet(models.QuerySet["Membership"]):
    def of(self, *, user: Any, tenant: Tenant) -> Membership | None:
        return self.filter(user=user, tenant=tenant, user__is_active=True).first()

    def owners(self) -> Self:
        return self.filter(role=Role.OWNER)


class Membership(models.Model):
    """A person's place in a workspace."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(default=timezone.now)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["user", "tenant"], name="membership_unique"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    def can(self, permission: str) -> bool:
        return permission in PERMISSIONS[self.role]


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> Self:
        return self.filter(
            accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=timezone.now()
        )


class Invitation(models.Model):
    """An offer of membership sent by mail. Only a hash of its secret is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=Role.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(default=invitation_expiry)
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("email"),
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.tenant}"

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()

    @property
    def state(self) -> str:
        if self.accepted_at:
            return "accepted"
        if self.revoked_at:
            return "revoked"
        return "expired" if self.is_expired else "open"
