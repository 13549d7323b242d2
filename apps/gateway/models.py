from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.ids import uuid7
from apps.tenants.models import Tenant

UNUSED_AFTER = timedelta(days=90)


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def of_secret(self, digest: str) -> Self:
        """With this secret, or with it as the one before a rotation, until that one's end."""
        former = Q(former_hash=digest, former_until__gt=timezone.now())
        return self.filter(Q(secret_hash=digest) | former)

    def ending_before(self, moment: datetime) -> Self:
        """Usable now, and no longer at that moment."""
        return self.usable().filter(expires_at__lt=moment)

    def usable(self) -> Self:
        now = timezone.now()
        return self.filter(revoked_at__isnull=True).filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=now)
        )


class ApiKey(models.Model):
    """A program's way in: one workspace, chosen scopes. Only the SHA-256 of its secret is kept.

    `former_hash` is the secret before the last rotation, which works until `former_until`.
    `networks` in CIDR; empty allows every address.
    """

    class Environment(models.TextChoices):
        LIVE = "live", "Live"
        TEST = "test", "Test"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16)
    secret_hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40))
    environment = models.CharField(
        max_length=4, choices=Environment, default=Environment.LIVE, db_default=Environment.LIVE
    )
    networks = ArrayField(models.CharField(max_length=43), default=list, null=True, blank=True)
    # Null, because many have none and those do not clash.
    former_hash = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001
    former_until = models.DateTimeField(null=True, blank=True)
    former_used_at = models.DateTimeField(null=True, blank=True)
    rotated_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_address = models.GenericIPAddressField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["former_hash"], name="gateway_apikey_former_hash")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def email(self) -> str:
        """How audit entries and histories name this actor."""
        return f"API key {self.name} ({self.prefix}…)"

    # What DRF asks of `request.user`.
    is_authenticated = True
    is_anonymous = False
    is_active = True

    @property
    def is_test(self) -> bool:
        return self.environment == self.Environment.TEST

    @property
    def is_overlapping(self) -> bool:
        """Whether the secret before the last rotation still works."""
        return bool(self.former_until and self.former_until > timezone.now())

    @property
    def is_unused(self) -> bool:
        """Active, and nobody has used it for so long that it may be forgotten."""
        since = self.last_used_at or self.created_at
        return self.state == "active" and since < timezone.now() - UNUSED_AFTER

    @property
    def state(self) -> str:
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= timezone.now() else "active"


class ApiUsage(models.Model):
    """What one caller asked of one endpoint of a workspace's API, within an hour or a day (UTC).

    `caller` is a key's id, "people" or "nobody"; rows outlive the key and the workspace. The
    columns `took_<ms>` count answers that took up to so many milliseconds, and longer than the
    column before.
    """

    class Span(models.TextChoices):
        HOUR = "hour", "Hour"
        DAY = "day", "Day"

    PEOPLE, NOBODY = "people", "nobody"

    schema_name = models.CharField("workspace", max_length=63)
    span = models.CharField(max_length=4, choices=Span)
    start = models.DateTimeField()
    caller = models.CharField(max_length=36)
    endpoint = models.CharField(max_length=160)
    requests = models.BigIntegerField()
    client_errors = models.BigIntegerField("refused (4xx)")
    limited = models.BigIntegerField("over a limit (429)")
    server_errors = models.BigIntegerField("failed (5xx)")
    credits = models.BigIntegerField()
    milliseconds = models.BigIntegerField("time taken, all together")
    took_5 = models.BigIntegerField()
    took_10 = models.BigIntegerField()
    took_25 = models.BigIntegerField()
    took_50 = models.BigIntegerField()
    took_100 = models.BigIntegerField()
    took_250 = models.BigIntegerField()
    took_500 = models.BigIntegerField()
    took_1000 = models.BigIntegerField()
    took_2500 = models.BigIntegerField()
    took_5000 = models.BigIntegerField()
    took_longer = models.BigIntegerField()

    class Meta:
        verbose_name = "API usage"
        verbose_name_plural = "API usage"
        ordering = ["-start", "schema_name", "-requests"]
        constraints = [
            models.UniqueConstraint(
                fields=["schema_name", "span", "start", "caller", "endpoint"],
                name="gateway_apiusage_once",
            )
        ]
        indexes = [models.Index(fields=["span", "start"], name="gateway_apiusage_by_time")]

    def __str__(self) -> str:
        return f"{self.schema_name} {self.endpoint}: {self.requests}"


class ApiUsageBatch(models.Model):
    """A process' tally that was written: written again, after a lost answer, it counts once."""

    id = models.UUIDField(primary_key=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return str(self.pk)
