from __future__ import annotations

from collections.abc import Collection
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Stream(models.Model):
    """How far the workspace's events have come. There is one row, made with the first event.

    `last`: the highest number given. `sent`: up to here handed to the realtime service.
    `forgotten`: up to here no longer kept.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last = models.PositiveBigIntegerField(default=0)
    sent = models.PositiveBigIntegerField(default=0)
    forgotten = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="event_stream_once"),
            models.CheckConstraint(
                condition=Q(forgotten__lte=models.F("sent"), sent__lte=models.F("last")),
                name="event_stream_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.forgotten} to {self.last}"


class EventQuerySet(models.QuerySet["Event"]):
    def for_audience(self, audience: Collection[str]) -> Self:
        """What somebody may see who stands for these: `user:<id>` and `permission:<name>`."""
        return self.filter(audience__overlap=sorted(audience))


class Event(models.Model):
    """Something that happened in the workspace, kept for whoever was not connected.

    `sequence` is given after the commit: numbers have no gaps and follow the order in which events
    became visible, so whoever has seen number n has seen all before it. `audience` is who may
    see it, as `EventQuerySet.for_audience` compares it.
    """

    sequence = models.PositiveBigIntegerField(null=True, unique=True)
    name = models.CharField(max_length=100)
    version = models.PositiveSmallIntegerField()
    data = models.JSONField()
    channels = ArrayField(models.CharField(max_length=200))
    audience = ArrayField(models.CharField(max_length=100))
    created_at = models.DateTimeField(default=timezone.now)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["sequence"]
        indexes = [
            models.Index(
                fields=["id"], name="event_unnumbered", condition=Q(sequence__isnull=True)
            ),
            models.Index(fields=["created_at"], name="event_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.name}"
