from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django_tenants.models import DomainMixin, TenantMixin

from apps.core.ids import uuid7
from apps.tenants.domain_names import readable
from apps.tenants.people_models import (
    CustomRole,
    InvitationLink,
    OwnershipTransfer,
    RoleBearer,
)
from apps.tenants.permissions import Role

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


def _at(host: str) -> str:
    parts = urlsplit(settings.PUBLIC_URL)
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"


class Tenant(TenantMixin):  # type: ignore[misc]
    """A customer's space: a PostgreSQL schema, its hosts, its members. Pages say workspace."""

    class Kind(models.TextChoices):
        SCHOOL = "school", "School"
        STUDIO = "studio", "Studio"
        DISTRICT = "district", "District"

    class State(models.TextChoices):
        PROVISIONING = "provisioning", "Being set up"
        ACTIVE = "active", "Active"
        SUSPENDED = "suspended", "Suspended"
        DELETING = "deleting", "To be deleted"
        PURGING = "purging", "Being removed"
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
    # What else is configured, as apps.tenants.configuration reads it, and which version that is.
    configuration = models.JSONField(default=dict, db_default={}, blank=True)
    configuration_version = models.PositiveIntegerField(default=0, db_default=0)
    # The address of the workspace that this is a made-up copy of; empty for all others.
    sandbox_of = models.CharField(max_length=40, blank=True, default="", db_default="")
    # The district that founded this school; a school outlives its district.
    parent = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="schools"
    )
    provisioning_run_id = models.UUIDField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    # The verified custom domain that links lead to; the own host when empty.
    main_domain = models.CharField(max_length=253, blank=True, default="", db_default="")

    # Members come in by the workspace's own sign-in only (apps.sso).
    sso_required = models.BooleanField(default=False, db_default=False)

    # People are named by label: these facts outlive their accounts.
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_by = models.CharField(max_length=254, blank=True, default="", db_default="")
    suspension_reason = models.CharField(max_length=500, blank=True, default="", db_default="")
    # Who has not paid (`services.holds`): first nothing can be changed, then it is suspended.
    suspended_for_payment = models.BooleanField(default=False, db_default=False)
    unpaid_since = models.DateTimeField(null=True, blank=True)
    read_only_since = models.DateTimeField(null=True, blank=True)
    read_only_reason = models.CharField(max_length=500, blank=True, default="", db_default="")

    deletion_asked_at = models.DateTimeField(null=True, blank=True)
    deletion_asked_by = models.CharField(max_length=254, blank=True, default="", db_default="")
    deletion_reason = models.CharField(max_length=500, blank=True, default="", db_default="")
    deletion_warned_at = models.DateTimeField(null=True, blank=True)
    purge_at = models.DateTimeField("to be removed at", null=True, blank=True)
    state_before_deletion = models.CharField(max_length=12, blank=True, default="", db_default="")

    class Meta:
        verbose_name = "workspace"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=~Q(slug__in=RESERVED_SLUGS), name="slug_not_reserved"),
            models.CheckConstraint(
                condition=~Q(state="suspended") | Q(suspended_at__isnull=False),
                name="suspension_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["deleting", "purging"]) | Q(purge_at__isnull=False),
                name="deletion_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether its pages are served: to work in, or while suspended to read."""
        return self.state in {self.State.ACTIVE, self.State.SUSPENDED}

    @property
    def is_read_only(self) -> bool:
        """Whether it is open and yet nothing can be changed, until it is paid for."""
        return self.is_open and self.read_only_since is not None

    @property
    def own_host(self) -> str:
        """The workspace's host under the product's domain, without a port."""
        return f"{self.slug}.{settings.PUBLIC_DOMAIN}"

    @property
    def host(self) -> str:
        """The host that links lead to, without a port: the main custom domain or the own host."""
        return self.main_domain or self.own_host

    @property
    def url(self) -> str:
        """Where people reach it, without a trailing slash."""
        return _at(self.host)

    @property
    def own_url(self) -> str:
        """As `url`, but always under the product's domain: forms of its hosts may lead there."""
        return _at(self.own_host)


class DomainQuerySet(models.QuerySet["Domain"]):
    def live(self) -> Self:
        """Those that are served: they lead to their workspace."""
        return self.filter(is_live=True)

    def custom(self) -> Self:
        return self.filter(kind=Domain.Kind.CUSTOM)


class Domain(DomainMixin):  # type: ignore[misc]
    """A host name that leads, or is to lead, to a workspace. A live one leads to one only."""

    class Kind(models.TextChoices):
        OWN = "own", "Own address"
        CUSTOM = "custom", "Custom domain"
        FORMER = "former", "Former address"

    # Unlike the mixin's: a wish for a domain that nobody has verified keeps nobody else out.
    domain = models.CharField(max_length=253, db_index=True)
    kind = models.CharField(
        max_length=10, choices=Kind.choices, default=Kind.OWN, db_default=Kind.OWN
    )
    is_live = models.BooleanField("is served", default=True, db_default=True)
    token = models.CharField(max_length=64, blank=True, default="", db_default="")
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())
    created_by = models.CharField(max_length=254, blank=True, default="", db_default="")
    verified_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    missing_since = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True, default="", db_default="")
    expires_at = models.DateTimeField("redirects until", null=True, blank=True)

    objects = DomainQuerySet.as_manager()

    class Meta:
        ordering = ["domain"]
        constraints = [
            models.UniqueConstraint(
                fields=["domain"], condition=Q(is_live=True), name="domain_leads_to_one"
            ),
            models.UniqueConstraint(fields=["domain", "tenant"], name="domain_once_a_workspace"),
            models.CheckConstraint(
                condition=~Q(kind="custom", is_live=True) | Q(verified_at__isnull=False),
                name="custom_domain_verified",
            ),
        ]

    @property
    def readable(self) -> str:
        """The domain as people write it: punycode back to letters."""
        return readable(self.domain)

    @property
    def record_name(self) -> str:
        """Where the TXT record stands that shows whose domain this is."""
        return f"_toolboxai.{self.domain}"

    @property
    def record_value(self) -> str:
        return f"toolboxai-verification={self.token}"

    @property
    def state(self) -> str:
        """One of own, former, verified, unseen (its record; still served), waiting, off."""
        if self.kind != self.Kind.CUSTOM:
            return str(self.kind)
        if self.is_live:
            return "unseen" if self.missing_since else "verified"
        return "off" if self.verified_at else "waiting"


class Departure(models.Model):
    """A workspace that is gone. Its schema's name, which audit and job rows keep, and for a while
    its address go to nobody else.
    """

    schema_name = models.CharField(max_length=63, primary_key=True)
    slug = models.CharField(max_length=40, db_index=True)
    name = models.CharField(max_length=100)
    asked_by = models.CharField(max_length=254)
    reason = models.CharField(max_length=500, blank=True)
    began_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    address_free_at = models.DateTimeField()

    class Meta:
        verbose_name = "deleted workspace"
        ordering = ["-began_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.slug})"


class MembershipQuerySet(models.QuerySet["Membership"]):
    def of(self, *, user: Any, tenant: Tenant) -> Membership | None:
        """Somebody's place in a workspace with its role, in one query; None for locked people."""
        found = self.in_force().filter(user=user, tenant=tenant)
        return found.select_related("custom_role").first()

    def in_force(self) -> Self:
        """Those that open their workspace: neither they nor their people are suspended."""
        return self.filter(suspended_at__isnull=True, user__is_active=True)

    def owners(self) -> Self:
        return self.filter(role=Role.OWNER)

    def seated(self) -> Self:
        """Those that count: who is suspended leaves the seat to others."""
        return self.filter(suspended_at__isnull=True)


class Membership(RoleBearer):
    """A person's place in a workspace."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    created_at = models.DateTimeField(default=timezone.now)
    # From then on the workspace is closed to this person; role and classes are kept.
    suspended_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["user", "tenant"], name="membership_unique"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
            models.CheckConstraint(
                condition=Q(custom_role=None) | ~Q(role=Role.OWNER), name="custom_role_is_no_owner"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role_name})"

    def can(self, permission: str) -> bool:
        return permission in self.permissions


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> Self:
        return self.filter(
            accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=timezone.now()
        )


class Invitation(RoleBearer):
    """An offer of membership sent by mail. Only a hash of its secret is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
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


from apps.tenants import configuration_models  # noqa: E402

__all__ = ["CustomRole", "InvitationLink", "OwnershipTransfer"]
ConfigurationVersion = configuration_models.ConfigurationVersion
Onboarding = configuration_models.Onboarding
