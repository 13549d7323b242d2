from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.core.ids import uuid7


class ProbeQuerySet(models.QuerySet["Probe"]):
    def alarming(self) -> Self:
        return self.filter(Q(foreign__gt=0) | Q(unwalled__gt=0))

    def of_a_day(self) -> Self:
        return self.filter(started_at__gte=timezone.now() - timedelta(days=1))


class Probe(models.Model):
    """One look by one process whether each workspace is shown its own mark."""

    class Process(models.TextChoices):
        WEB = "web", "Web"
        WORKER = "worker", "Worker"
        COMMAND = "command", "Command"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    process = models.CharField(max_length=10, choices=Process.choices)
    node = models.CharField("host and process", max_length=100)
    started_at = models.DateTimeField(default=timezone.now)
    milliseconds = models.FloatField()
    workspaces = models.PositiveIntegerField()
    reads = models.PositiveIntegerField(help_text="marks read")
    foreign = models.PositiveIntegerField("foreign marks")
    unwalled = models.PositiveIntegerField(
        "open walls", help_text="neighbours' rows that raw SQL was given"
    )
    # [{"asked": schema, "shown": schema, "stood_in": schema, "way": …}, …]
    findings = models.JSONField(default=list)

    objects = ProbeQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at"]
        indexes = [
            models.Index(fields=["-started_at"], name="probe_by_time"),
            models.Index(
                fields=["started_at"],
                name="probe_alarming",
                condition=Q(foreign__gt=0) | Q(unwalled__gt=0),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(reads__gte=F("foreign")), name="probe_foreign_were_read"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_process_display()} on {self.node}"

    @property
    def is_alarming(self) -> bool:
        return bool(self.foreign or self.unwalled)
