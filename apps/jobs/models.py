from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from functools import cache, cached_property
from typing import Any, Self

from celery import current_app
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import OuterRef, Q
from django.utils import timezone

from apps.core.actors import label_of
from apps.core.encryption import EncryptedTextField
from apps.core.ids import uuid7
from apps.jobs.watch_models import ScheduleWatch, Worker

__all__ = ["Failure", "JobRun", "JobRunQuerySet", "ScheduleWatch", "Worker"]

UNREACHED = "not_reached"  # the code of what stopped before its turn


@cache
def _tasks() -> Mapping[str, Any]:
    """By name. Only workers import all of them by themselves."""
    current_app.loader.import_default_modules()
    found: Mapping[str, Any] = current_app.tasks
    return found


def _of_task(name: str, what: str) -> Any:
    """An attribute of the task of that name; empty where there is none any more."""
    return getattr(_tasks().get(name), what, "")


def titles() -> dict[str, str]:
    """What people read instead of the names of the tasks that run as jobs."""
    return {name: title for name, task in _tasks().items() if (title := getattr(task, "title", ""))}


class JobRunQuerySet(models.QuerySet["JobRun"]):
    def of_workspace(self, schema_name: str) -> Self:
        return self.filter(schema_name=schema_name)

    def due(self) -> Self:
        """Queued, and to be begun by now."""
        return self.filter(state=JobRun.State.QUEUED, due_at__lte=timezone.now())

    def unfinished(self) -> Self:
        return self.filter(finished_at__isnull=True)

    def held(self, run: JobRun) -> Self:
        """The run's row for as long as the attempt that `run` remembers is the running one."""
        return self.filter(pk=run.pk, state=JobRun.State.RUNNING, attempts=run.attempts)

    def going_on(self, run: JobRun) -> Self:
        """As `held`, while nobody wants it cancelled."""
        return self.held(run).filter(cancel_asked_at__isnull=True)

    def lost(self) -> Self:
        """Running, but without a heartbeat for longer than the lease."""
        lease = timedelta(seconds=settings.JOB_LEASE_SECONDS)
        return self.filter(state=JobRun.State.RUNNING, heartbeat_at__lt=timezone.now() - lease)

    def dead(self) -> Self:
        """Failed for good, and nobody has said yet what becomes of it: the dead letters. A parent
        is none: it follows its members.
        """
        return self.work().filter(state=JobRun.State.FAILED, discarded_at__isnull=True)

    def work(self) -> Self:
        """What workers carry out: all but the parents of chains and groups."""
        return self.filter(kind="")

    def with_members(self, most: int) -> Self:
        """Each with its first members as `shown_members`."""
        rows = JobRun.objects.order_by("stage", "created_at", "pk")[:most]
        return self.prefetch_related(models.Prefetch("members", rows, to_attr="shown_members"))

    def with_undone(self) -> Self:
        """Each knows its `undone_tasks` without a query of its own."""
        theirs = Q(parent=OuterRef("pk")) | Q(
            parent=OuterRef("parent"), stage__gt=OuterRef("stage")
        )
        rows = JobRun.objects.ended_badly().filter(theirs).order_by()
        return self.annotate(undone_tasks=ArraySubquery(rows.values("name").distinct()))

    def ended_badly(self) -> Self:
        return self.filter(state__in=(JobRun.State.FAILED, JobRun.State.CANCELLED))


class JobRun(models.Model):
    """One piece of background work, from its wish to its outcome.

    The row is the truth: it is written in the transaction that wants the work, it survives
    the broker, and only the worker that claims it may run it.
    """

    class State(models.TextChoices):
        PENDING = "pending"  # of a chain or group, before its turn
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class Kind(models.TextChoices):
        CHAIN = "chain"
        GROUP = "group"

    FINAL = (State.SUCCEEDED, State.FAILED, State.CANCELLED)
    UNDONE = (State.FAILED, State.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100)
    queue = models.CharField(max_length=20, default="default")
    schema_name = models.CharField("workspace", max_length=63)
    # A parent's; it is never carried out itself (`services.workflows`).
    kind = models.CharField(
        max_length=5, choices=Kind.choices, blank=True, default="", db_default=""
    )
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="members"
    )
    # Members of one stage go together, when all of the stage before have succeeded.
    stage = models.SmallIntegerField(null=True, blank=True)
    # What people read instead of the task's title.
    label = models.CharField(max_length=120, blank=True, default="", db_default="")
    actor_id = models.UUIDField(null=True, blank=True)
    actor_label = models.CharField(max_length=254, blank=True)
    arguments = models.JSONField(default=dict)
    # What the task names as private, as JSON.
    private_arguments = EncryptedTextField(blank=True, default="", db_default="")
    idempotency_key = models.CharField(max_length=200, null=True, blank=True, unique=True)
    # Of unfinished runs with the same value there is one.
    unique_key = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 -- NULLs differ
    # What shares a limit: a vendor, or a customer's account there. Empty for none.
    lane = models.CharField(max_length=120, blank=True, default="", db_default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    progress = models.PositiveSmallIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    result = models.JSONField(null=True, blank=True)
    problem = models.JSONField(null=True, blank=True)
    # For operators; may quote what was worked on.
    traceback = EncryptedTextField(blank=True, default="", db_default="")
    trace_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)  # of the release before; not written
    started_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=200, blank=True, default="", db_default="")
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    cancel_asked_by = models.CharField(max_length=254, blank=True, default="", db_default="")
    discarded_at = models.DateTimeField(null=True, blank=True)
    discarded_by = models.CharField(max_length=254, blank=True, default="", db_default="")
    discard_reason = models.CharField(max_length=300, blank=True, default="", db_default="")

    objects = JobRunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(progress__lte=100), name="job_progress_percent"),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(heartbeat_at__isnull=False) | ~Q(kind=""),
                name="job_at_work_has_heartbeat",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True, stage__isnull=True)
                | Q(parent__isnull=False, stage__isnull=False, kind=""),
                name="job_member_has_stage",
            ),
            models.CheckConstraint(
                condition=~Q(state="pending") | Q(parent__isnull=False) | ~Q(kind=""),
                name="job_pending_belongs",
            ),
            # Else a worker would take it.
            models.CheckConstraint(
                condition=Q(kind="") | ~Q(state="queued"), name="job_parent_never_queued"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("succeeded", "failed", "cancelled"))
                | Q(finished_at__isnull=False),
                name="job_final_has_end",
            ),
            models.UniqueConstraint(
                fields=["unique_key"],
                condition=Q(finished_at__isnull=True),
                name="job_unique_while_open",
            ),
            models.CheckConstraint(
                condition=Q(discarded_at__isnull=True)
                | (Q(state="failed") & ~Q(discard_reason="")),
                name="job_discarded_with_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["schema_name", "-created_at"], name="job_by_workspace"),
            models.Index(
                fields=["state", "due_at"], name="job_open", condition=Q(finished_at__isnull=True)
            ),
            # Whose turn is it? (`services.shares`)
            models.Index(
                fields=["queue", "schema_name", "due_at"],
                name="job_queued",
                condition=Q(state="queued"),
            ),
            models.Index(fields=["queue", "schema_name", "-started_at"], name="job_served"),
            models.Index(
                fields=["-finished_at"], name="job_finished", condition=Q(finished_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.state}"

    @property
    def title(self) -> str:
        """What people read: its label, the task's own title, or its name when no such task exists
        any more.
        """
        return self.label or str(_of_task(self.name, "title") or self.name)

    @property
    def is_final(self) -> bool:
        return self.state in self.FINAL

    @property
    def requested_by(self) -> str:
        """The person or key that asked for it; empty for the system."""
        return "" if self.actor_label == label_of(None) else self.actor_label

    @property
    def is_later(self) -> bool:
        """Whether it is not to be begun yet."""
        return self.due_at > timezone.now()

    @property
    def is_dead(self) -> bool:
        """Whether it is a dead letter (`JobRunQuerySet.dead`)."""
        return self.state == self.State.FAILED and self.discarded_at is None and not self.kind

    @property
    def is_cancellable(self) -> bool:
        """Whether people may stop it: of a chain or group what has not begun yet, and else if its
        task lets them.
        """
        if self.is_final or self.cancel_asked_at is not None:
            return False
        waits = self.parent_id is not None and not self.attempts
        if self.kind or (waits and self.state != self.State.RUNNING):
            return True
        return bool(_of_task(self.name, "cancellable"))

    @property
    def family(self) -> JobRunQuerySet:
        """A parent's members in their order."""
        return JobRun.objects.filter(parent=self.pk).order_by("stage", "created_at", "pk")

    @property
    def dependants(self) -> JobRunQuerySet:
        """What stops and runs again with it: a parent's members, or those that come after it."""
        if self.kind:
            return self.family
        siblings = JobRun.objects.filter(parent=self.parent_id, parent__isnull=False)
        return siblings.filter(stage__gt=self.stage or 0).order_by("stage", "created_at", "pk")

    @cached_property
    def undone_tasks(self) -> list[str]:
        """Of its dependants those that ended badly."""
        names = self.dependants.ended_badly().order_by().values_list("name", flat=True)
        return list(names.distinct())

    @property
    def unmet(self) -> JobRunQuerySet:
        """Members of its chain or group that come before it and have not succeeded."""
        rows = JobRun.objects.filter(parent=self.parent_id, parent__isnull=False)
        before = rows.filter(stage__lt=self.stage or 0).exclude(state=self.State.SUCCEEDED)
        return before.order_by("stage", "created_at", "pk")

    @property
    def is_unreached(self) -> bool:
        """It never had its turn, because of what came before it."""
        return self.state == self.State.CANCELLED and (self.problem or {}).get("code") == UNREACHED

    @property
    def is_replayable(self) -> bool:
        """Whether it failed or was cancelled, and another run would mend that. It would not before
        the turn of a member of a chain, nor where a dependant cannot be done again.
        """
        if self.state not in self.UNDONE or self.is_unreached:
            return False
        names = self.undone_tasks if self.kind else [self.name, *self.undone_tasks]
        return bool(names) and all(_of_task(name, "replayable") for name in names)

    @property
    def permissions(self) -> frozenset[str]:
        """What members of the workspace need to steer it (`task.Job.permission`), with all that
        stops and runs again with it. Empty where they may not: one of these is not theirs.
        """
        names = set(self.dependants.order_by().values_list("name", flat=True).distinct())
        if not self.kind:
            names.add(self.name)
        needed = {str(_of_task(name, "permission")) for name in names}
        return frozenset() if "" in needed else frozenset(needed)

    @property
    def run_seconds(self) -> float | None:
        """How long the last attempt took, or takes until now."""
        if self.started_at is None:
            return None
        until = self.finished_at or timezone.now()
        return max(0.0, (until - self.started_at).total_seconds())

    def all_arguments(self) -> dict[str, Any]:
        """What the task is called with, the private ones readable."""
        private = json.loads(self.private_arguments) if self.private_arguments else {}
        return {**self.arguments, **private}


class Failure(models.Model):
    """One way in which a task fails: how often it did, and since when."""

    name = models.CharField(max_length=100)
    code = models.CharField(max_length=100)
    count = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField(default=timezone.now)
    # Since when it goes on: a quiet week ends it, and then it is new again.
    since = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)
    last_run_id = models.UUIDField(null=True, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    rate_told_at = models.DateTimeField(null=True, blank=True)
    muted_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-last_at"]
        constraints = [models.UniqueConstraint(fields=["name", "code"], name="failure_unique")]

    def __str__(self) -> str:
        return f"{self.name}: {self.code}"

    @property
    def is_muted(self) -> bool:
        return self.muted_until is not None and self.muted_until > timezone.now()
