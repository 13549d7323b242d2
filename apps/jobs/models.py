from __future__ import annotations

from datetime import timedelta
from typing import Self

from celery import current_app
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.core.ids import uuid7


class JobRunQuerySet(models.QuerySet["JobRun"]):
    def of_workspace(self, schema_name: str) -> Self:
        return self.filter(schema_name=schema_name)

    def unsent(self) -> Self:
        """Due, and either never handed to the broker or handed over so long ago that it is lost."""
        now = timezone.now()
        stale = now - timedelta(seconds=settings.JOB_LEASE_SECONDS * 4)
        return self.filter(state=JobRun.State.QUEUED, due_at__lte=now).filter(
            Q(sent_at__isnull=True) | Q(sent_at__lt=stale) | Q(sent_at__lt=F("due_at"))
        )

    def lost(self) -> Self:
        """Running, but without a heartbeat for longer than the lease."""
        lease = timedelta(seconds=settings.JOB_LEASE_SECONDS)
        return self.filter(state=JobRun.State.RUNNING, heartbeat_at__lt=timezone.now() - lease)


class JobRun(models.Model):
    """One piece of background work, from its wish to its outcome.

    The row is the truth: it is written in the transaction that wants the work, it survives
    the broker, and only the worker that claims it may run it.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    FINAL = (State.SUCCEEDED, State.FAILED, State.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100)
    queue = models.CharField(max_length=20, default="default")
    schema_name = models.CharField("workspace", max_length=63)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_label = models.CharField(max_length=254, blank=True)
    arguments = models.JSONField(default=dict)
    idempotency_key = models.CharField(max_length=200, null=True, blank=True, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    progress = models.PositiveSmallIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    result = models.JSONField(null=True, blank=True)
    problem = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobRunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(progress__lte=100), name="job_progress_percent"),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(heartbeat_at__isnull=False),
                name="job_running_has_heartbeat",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("succeeded", "failed", "cancelled"))
                | Q(finished_at__isnull=False),
                name="job_final_has_end",
            ),
        ]
        indexes = [
            models.Index(fields=["schema_name", "-created_at"], name="job_by_workspace"),
            models.Index(
                fields=["state", "due_at"], name="job_open", condition=Q(finished_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.state}"

    @property
    def title(self) -> str:
        """What people read: the task's own title, or its name when no such task exists any more."""
        return str(getattr(current_app.tasks.get(self.name), "title", "") or self.name)

    @property
    def is_final(self) -> bool:
        return self.state in self.FINAL
