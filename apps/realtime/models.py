from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.encryption import EncryptedTextField
from apps.core.ids import uuid7
from apps.tenants.models import Tenant


class ChannelWebhookQuerySet(models.QuerySet["ChannelWebhook"]):
    def enabled(self) -> Self:
        return self.filter(disabled_at__isnull=True)

    def of_tenant(self, tenant: Tenant) -> Self:
        return self.filter(app_id__in=RealtimeApp.objects.filter(tenant=tenant).values("app_id"))


class ChannelWebhook(models.Model):
    """A server that is told what happens in an application's channels. `events` are `news.KINDS`,
    of channels whose names begin with `channel_prefix`; `failing_since` is empty while the address
    takes what it is sent.
    """

    class Reason(models.TextChoices):
        PERSON = "person", "by hand"
        GONE = "gone", "it answered 410 Gone"
        FAILING = "failing", "it failed for days"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    app_id = models.CharField("app id", max_length=20, db_index=True)
    url = models.CharField("address", max_length=2000)
    events = ArrayField(models.CharField(max_length=30))
    channel_prefix = models.CharField(max_length=200, blank=True, default="", db_default="")
    created_at = models.DateTimeField(default=timezone.now)
    created_by_label = models.CharField("made by", max_length=254, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    problem = models.CharField("last problem", max_length=300, blank=True)
    failures = models.PositiveIntegerField("failures in a row", default=0, db_default=0)
    disabled_at = models.DateTimeField("switched off", null=True, blank=True)
    disabled_reason = models.CharField(
        max_length=10, choices=Reason.choices, blank=True, default="", db_default=""
    )

    objects = ChannelWebhookQuerySet.as_manager()

    class Meta:
        verbose_name = "channel webhook"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(events=[]), name="realtime_webhook_has_events")
        ]

    def __str__(self) -> str:
        return self.url[:200]

    def get_absolute_url(self) -> str:
        return f"/settings/realtime/webhooks/{self.pk}/"

    @property
    def is_enabled(self) -> bool:
        return self.disabled_at is None

    @property
    def state(self) -> str:
        if not self.is_enabled:
            return "off"
        return "failing" if self.failing_since else "active"

    def wants(self, event: dict[str, Any]) -> bool:
        return event["name"] in self.events and event["channel"].startswith(self.channel_prefix)


class ChannelDelivery(models.Model):
    """A batch of events for one server, and what came of it. `events` is a list as JSON: what
    clients said to each other may be in it. `asked_by_label` is whoever had it sent by hand;
    `round` counts how often it set out, `began_at` is when it last did.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        SUCCEEDED = "succeeded", "Delivered"
        FAILED = "failed", "Given up"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    webhook = models.ForeignKey(ChannelWebhook, on_delete=models.CASCADE, related_name="deliveries")
    batch = models.CharField(max_length=100)
    kinds = ArrayField(models.CharField(max_length=30))
    count = models.PositiveSmallIntegerField("events")
    events = EncryptedTextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    round = models.PositiveIntegerField(default=1)
    attempts = models.PositiveIntegerField(default=0)
    status = models.PositiveSmallIntegerField("last answer", null=True, blank=True)
    answer = models.TextField(blank=True)
    problem = models.CharField(max_length=300, blank=True)
    milliseconds = models.PositiveIntegerField(default=0)
    asked_by_label = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    began_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "channel webhook's delivery"
        verbose_name_plural = "channel webhooks' deliveries"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["webhook", "batch"], name="realtime_delivery_once"),
            models.CheckConstraint(
                condition=Q(state="pending") | Q(finished_at__isnull=False),
                name="realtime_delivery_final_has_end",
            ),
        ]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="realtime_delivery_log"),
            models.Index(fields=["created_at"], name="realtime_delivery_age"),
        ]

    def __str__(self) -> str:
        return f"{self.batch} to {self.webhook}"

    @property
    def is_pending(self) -> bool:
        return self.state == self.State.PENDING


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
    `former_until`. `origins` are the pages' that may connect; empty is every page. `disabled_at` is
    the workspace's own wish, `closed_at` that of operators, which the workspace cannot undo.
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
    closed_at = models.DateTimeField("closed by operators", null=True, blank=True)
    closed_reason = models.CharField(max_length=300, blank=True, default="", db_default="")
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
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | ~Q(closed_reason=""),
                name="realtime_app_closed_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/settings/realtime/{self.pk}/"

    @property
    def state(self) -> str:
        if self.closed_at:
            return "closed"
        return "off" if self.disabled_at else "active"

    @property
    def is_overlapping(self) -> bool:
        """Whether the key before the last rotation still works."""
        return bool(self.former_key and self.former_until and self.former_until > timezone.now())


class RealtimeAppDay(models.Model):
    """How many messages one application had on one day (UTC), of which each `source`, the life of
    the Redis that counted, only grows. What all of a workspace had is `usage.UsageDay`.
    """

    app = models.ForeignKey(RealtimeApp, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    source = models.CharField(max_length=32)
    messages = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = "realtime app's day"
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(fields=["app", "day", "source"], name="realtime_app_day_once")
        ]
        indexes = [models.Index(fields=["day"], name="realtime_app_day_age")]

    def __str__(self) -> str:
        return f"{self.app_id} {self.day}: {self.messages}"
