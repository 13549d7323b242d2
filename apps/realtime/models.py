from __future__ import annotations

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.encryption import EncryptedTextField
from apps.core.ids import uuid7
from apps.tenants.models import Tenant


class ChannelWebhook(models.Model):
    """A server that is told what happens in an application's channels. `events` are `news.KINDS`;
    `failing_since` is empty while the address takes what it is sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    app_id = models.CharField("app id", max_length=20, db_index=True)
    url = models.CharField("address", max_length=2000)
    events = ArrayField(models.CharField(max_length=30))
    created_at = models.DateTimeField(default=timezone.now)
    created_by_label = models.CharField("made by", max_length=254, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    problem = models.CharField("last problem", max_length=300, blank=True)

    class Meta:
        verbose_name = "channel webhook"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(events=[]), name="realtime_webhook_has_events")
        ]

    def __str__(self) -> str:
        return self.url[:200]


class Errand(models.Model):
    """A workspace has events that are to be numbered and sent. Written with the event, so that
    what a killed process leaves behind is found (`relay.rescue`). Rows are only ever added, hence
    transactions of one workspace never wait for each other.
    """

    schema_name = models.CharField(max_length=63)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["schema_name", "id"], name="realtime_errand_of_schema")]

    def __str__(self) -> str:
        return self.schema_name


class RealtimeAppQuerySet(models.QuerySet["RealtimeApp"]):
    def of_key(self, key: str, now: datetime) -> Self:
        """With this key, or with it as the one before a rotation, until that one's end."""
        return self.filter(Q(key=key) | Q(former_key=key, former_until__gt=now))


class RealtimeApp(models.Model):
    """A customer's own application at the built-in endpoint: channels of their own, which the
    libraries of Pusher reach with its `app_id`, `key` and `secret`.

    `former_key` and `former_secret` are those before the last rotation; they work until
    `former_until`. `origins` are the pages' that may connect; empty is every page.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="realtime_apps")
    name = models.CharField(max_length=80)
    # Numeric: the server libraries take nothing else.
    app_id = models.CharField("app id", max_length=20, unique=True)
    key = models.CharField(max_length=40, unique=True)
    secret = EncryptedTextField()
    # Null, because many have none and those do not clash.
    former_key = models.CharField(max_length=40, null=True, blank=True, unique=True)
    former_secret = EncryptedTextField(blank=True, default="")
    former_until = models.DateTimeField(null=True, blank=True)
    rotated_at = models.DateTimeField(null=True, blank=True)
    client_events = models.BooleanField(default=False)
    subscription_counts = models.BooleanField(default=False)
    origins = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    disabled_at = models.DateTimeField("switched off", null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by_label = models.CharField("made by", max_length=254, blank=True)

    objects = RealtimeAppQuerySet.as_manager()

    class Meta:
        verbose_name = "realtime app"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(former_key__isnull=True) | Q(former_until__isnull=False),
                name="realtime_app_former_key_ends",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/settings/realtime/{self.pk}/"

    @property
    def state(self) -> str:
        return "off" if self.disabled_at else "active"

    @property
    def is_overlapping(self) -> bool:
        """Whether the key before the last rotation still works."""
        return bool(self.former_key and self.former_until and self.former_until > timezone.now())
