"""What is known of schedules and of workers, beside what they do."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import models
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

# Without a heartbeat for so long a worker is taken for gone.
SILENCE: Final = timedelta(seconds=45)


class ScheduleWatch(models.Model):
    """How a schedule of beat goes: begun when, with what outcome, and missed how often.

    `PeriodicTask.last_run_at` only says when beat sent it.
    """

    class OnMiss(models.TextChoices):
        RUN_ONCE = "run_once", "run once"
        SKIP = "skip", "skip"

    class Outcome(models.TextChoices):
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        DROPPED = "dropped", "dropped: it waited too long for a worker"

    task = models.OneToOneField(
        PeriodicTask, on_delete=models.CASCADE, primary_key=True, related_name="watch"
    )
    # What becomes of it when beat was not there at its time.
    on_miss = models.CharField(max_length=10, choices=OnMiss.choices, default=OnMiss.RUN_ONCE)
    # As the release declared it, while nobody has edited it; see `services.declarations`.
    declared = models.JSONField(null=True, blank=True)
    since = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    worker = models.CharField(max_length=200, blank=True)
    missed_at = models.DateTimeField(null=True, blank=True)  # for when it was, the last time
    missed_count = models.PositiveIntegerField(default=0)
    skipped_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)  # that it is late; null while it is not

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_running(self) -> bool:
        return self.started_at is not None and self.ended_at is None

    @property
    def run_seconds(self) -> float | None:
        """How long the last run took; None while it goes on."""
        if self.started_at is None or self.ended_at is None:
            return None
        return max(0.0, (self.ended_at - self.started_at).total_seconds())


class Worker(models.Model):
    """A worker, by the name it has in Celery; it writes its heartbeat itself."""

    name = models.CharField(max_length=200, unique=True)
    queues = models.CharField(max_length=200, blank=True)
    concurrency = models.PositiveSmallIntegerField(default=1)
    pid = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(default=timezone.now)
    heartbeat_at = models.DateTimeField(default=timezone.now)
    stopped_at = models.DateTimeField(null=True, blank=True)  # by itself, in good order

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """`here`, `stopped`, or `silent`: gone without a word, or cut off."""
        if self.stopped_at is not None:
            return "stopped"
        return "silent" if self.heartbeat_at < timezone.now() - SILENCE else "here"
