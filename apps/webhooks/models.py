from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Q
from django.utils import timezone

from apps.core.encryption import EncryptedTextField
from apps.core.ids import uuid7
from apps.tenants.models import Tenant
from apps.webhooks import signatures

ALL_EVENTS = "*"


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def of_workspace(self, schema_name: str) -> Self:
        return self.filter(tenant__schema_name=schema_name)

    def subscribed(self, event: str) -> Self:
        return self.filter(events__overlap=[event, ALL_EVENTS])

    def enabled(self) -> Self:
        return self.filter(disabled_at__isnull=True)

    def failing(self) -> Self:
        return self.enabled().filter(failing_since__isnull=False)

    def with_waiting(self) -> Self:
        """With `waiting`, how many deliveries are still to be made."""
        pending = Q(deliveries__state=Delivery.State.PENDING)
        return self.annotate(waiting=Count("deliveries", filter=pending))


class Endpoint(models.Model):
    """A customer's address, the events it is told of, and how it fares.

    `secret` signs; a rotated one signs along until `former_until`. `paused_until` rests an
    endpoint that is unreachable or asked for it; `lane_until` is the hold of the job that sends.
    """

    class Reason(models.TextChoices):
        PERSON = "person", "by hand"
        OPERATOR = "operator", "by an operator"
        GONE = "gone", "it answered 410 Gone"
        FAILING = "failing", "it failed for days"
        MOVED = "moved", "it came with the workspace from another installation"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="webhooks")
    url = models.CharField("address", max_length=2000)
    description = models.CharField(max_length=200, blank=True)
    events = ArrayField(models.CharField(max_length=60))
    secret = EncryptedTextField(default=signatures.new_secret)
    former_secret = EncryptedTextField(blank=True, default="")
    former_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by_label = models.CharField("made by", max_length=254, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=10, choices=Reason.choices, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField("failures in a row", default=0)
    warned_at = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    lane_until = models.DateTimeField(null=True, blank=True)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        verbose_name = "webhook endpoint"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(disabled_at__isnull=True) | ~Q(disabled_reason=""),
                name="webhook_disabled_has_reason",
            ),
            models.CheckConstraint(condition=~Q(events=[]), name="webhook_has_events"),
        ]

    def __str__(self) -> str:
        return self.url[:200]

    def get_absolute_url(self) -> str:
        return f"/settings/webhooks/{self.pk}/"

    @property
    def is_enabled(self) -> bool:
        return self.disabled_at is None

    @property
    def state(self) -> str:
        if not self.is_enabled:
            return "off"
        return "failing" if self.failing_since else "active"

    @property
    def has_all_events(self) -> bool:
        return ALL_EVENTS in self.events

    def secrets(self, now: datetime) -> list[str]:
        """Those that sign at `now`, the present one first."""
        former = self.former_until is not None and self.former_until > now and self.former_secret
        return [self.secret, *([self.former_secret] if former else [])]


class Event(models.Model):
    """Something that happened, as endpoints are told of it: written in the deed's transaction."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="webhook_events")
    type = models.CharField(max_length=60)
    body = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["created_at"], name="webhook_event_age")]

    def __str__(self) -> str:
        return self.type

    @property
    def message_id(self) -> str:
        """The `webhook-id`: the same at every attempt, so that receivers know a repetition."""
        return signatures.message_id(self.pk)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def ready(self) -> Self:
        """Due, and in nobody's hands."""
        now = timezone.now()
        free = Q(held_until__isnull=True) | Q(held_until__lte=now)
        return self.filter(free, state=Delivery.State.PENDING, due_at__lte=now)


class Delivery(models.Model):
    """One event on its way to one endpoint. `held_until` is the hold of whoever sends it now."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        SUCCEEDED = "succeeded", "Delivered"
        FAILED = "failed", "Given up"
        SKIPPED = "skipped", "Endpoint was off"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    # How far along the schedule it is; a replay begins anew.
    step = models.PositiveSmallIntegerField(default=0)
    status = models.PositiveSmallIntegerField("last answer", null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    held_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="webhook_delivery_once"),
            models.CheckConstraint(
                condition=Q(state="pending") | Q(finished_at__isnull=False),
                name="webhook_delivery_final_has_end",
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "due_at"],
                condition=Q(state="pending"),
                name="webhook_delivery_due",
            ),
            models.Index(fields=["endpoint", "-id"], name="webhook_delivery_log"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint}"

    def get_absolute_url(self) -> str:
        return f"/settings/webhooks/{self.endpoint_id}/deliveries/{self.pk}/"


class Attempt(models.Model):
    """One call and what came back; `body` is the first kilobytes of the answer."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="log")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=timezone.now)
    url = models.CharField(max_length=2000)
    request_headers = models.JSONField(default=dict)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    problem = models.CharField(max_length=300, blank=True)
    milliseconds = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="webhook_attempt_number")
        ]
        indexes = [models.Index(fields=["at"], name="webhook_attempt_age")]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.delivery_id}"

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004

    @property
    def header_lines(self) -> str:
        return _lines(self.headers)

    @property
    def request_header_lines(self) -> str:
        return _lines(self.request_headers)


def _lines(headers: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in headers.items())
