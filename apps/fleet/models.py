"""What is known of every workspace schema: its version, and how it got there.

Schemas are named by plain value; what a workspace is belongs to the floor above.
"""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.core.ids import uuid7


class SchemaVersionQuerySet(models.QuerySet["SchemaVersion"]):
    def released(self) -> Self:
        """Those that new workspaces may get, newest first."""
        rollouts = Rollout.objects.filter(target=OuterRef("pk"))
        out = Q(released_at__isnull=False) | Exists(rollouts)
        return self.filter(out, retired_at__isnull=True).order_by("-pk")

    def light(self) -> Self:
        """Without the two large columns."""
        return self.defer("ddl", "structure")


class SchemaVersion(models.Model):
    """One state of the workspace migrations, with the DDL that builds an empty schema of it."""

    fingerprint = models.CharField(max_length=64, unique=True)
    migrations = models.JSONField()  # [[app_label, name], …] in the order of application
    ddl = models.TextField()
    structure = models.JSONField()  # {table: {…}}: what a drift report compares with
    structure_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    # From here on new workspaces get it; a rollout to it says so too. A plan alone does not.
    released_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)  # rolled back: never handed out

    objects = SchemaVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.fingerprint[:12]


class SchemaStep(models.Model):
    """One migration on the way from a version to the next, recorded on a scratch schema."""

    class Mode(models.TextChoices):
        REPLAY = "replay", "Recorded statements, one message"
        CONCURRENT = "concurrent", "Recorded statements outside a transaction"
        PYTHON = "python", "Django's own executor in each schema"

    origin = models.ForeignKey(SchemaVersion, on_delete=models.CASCADE, related_name="steps_from")
    target = models.ForeignKey(SchemaVersion, on_delete=models.CASCADE, related_name="steps_to")
    position = models.PositiveSmallIntegerField()
    app_label = models.CharField(max_length=100)
    name = models.CharField(max_length=255)
    mode = models.CharField(max_length=10, choices=Mode.choices)
    forward = models.JSONField(default=list)  # statements
    backward = models.JSONField(null=True, blank=True)  # None: cannot be undone
    milliseconds = models.FloatField(default=0)

    class Meta:
        ordering = ["origin", "target", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["origin", "target", "position"], name="schema_step_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.app_label}.{self.name}"


class SchemaQuerySet(models.QuerySet["Schema"]):
    def workspaces(self) -> Self:
        return self.filter(kind=Schema.Kind.WORKSPACE)

    def prepared(self) -> Self:
        return self.filter(kind=Schema.Kind.PREPARED)


class Schema(models.Model):
    """The ledger: written in the transaction of the DDL it speaks of; one query knows all."""

    class Kind(models.TextChoices):
        PREPARED = "prepared", "Prepared for the next customer"
        WORKSPACE = "workspace", "Workspace"

    name = models.CharField(max_length=63, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    version = models.ForeignKey(SchemaVersion, on_delete=models.PROTECT, related_name="schemas")
    is_canary = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = SchemaQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=("prepared", "workspace")), name="schema_kind_known"
            )
        ]
        indexes = [
            models.Index(fields=["version"], name="schema_prepared", condition=Q(kind="prepared"))
        ]

    def __str__(self) -> str:
        return self.name


class Rollout(models.Model):
    """One way of the whole fleet to a version, ring after ring."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        PAUSED = "paused", "Stopped, can be resumed"
        FAILED = "failed", "A ring failed its checks"
        COMPLETED = "completed", "Completed"
        ROLLED_BACK = "rolled_back", "Rolled back"
        SUPERSEDED = "superseded", "Given up for a newer version"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    target = models.ForeignKey(SchemaVersion, on_delete=models.PROTECT, related_name="rollouts")
    state = models.CharField(max_length=12, choices=State.choices, default=State.RUNNING)
    ring = models.PositiveSmallIntegerField(default=0)
    rings = models.JSONField(default=list)  # [{"name": …, "schemas": n}, …]
    actor_label = models.CharField(max_length=254)
    problem = models.TextField(blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"to {self.target} ({self.get_state_display().lower()})"


class RolloutItem(models.Model):
    """One schema's way in a rollout."""

    class State(models.TextChoices):
        PENDING = "pending", "Waits"
        DONE = "done", "Done"
        BLOCKED = "blocked", "Blocked by a lock; tried again"
        FAILED = "failed", "Failed"
        ROLLED_BACK = "rolled_back", "Rolled back"

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="items")
    schema_name = models.CharField(max_length=63)
    origin = models.ForeignKey(SchemaVersion, on_delete=models.PROTECT, related_name="+")
    ring = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    # How far a step outside a transaction came: its migration, statement and direction.
    progress = models.JSONField(default=dict, blank=True)
    problem = models.TextField(blank=True)
    milliseconds = models.FloatField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["ring", "schema_name"]
        constraints = [
            models.UniqueConstraint(fields=["rollout", "schema_name"], name="rollout_item_unique")
        ]
        indexes = [models.Index(fields=["rollout", "ring", "state"], name="rollout_item_by_ring")]

    def __str__(self) -> str:
        return f"{self.schema_name} ({self.get_state_display().lower()})"


class Backfill(models.Model):
    """How far a batched data change came in one schema; a run that was cut short goes on here."""

    schema_name = models.CharField(max_length=63)
    app_label = models.CharField(max_length=100)
    migration = models.CharField(max_length=255)
    operation = models.PositiveSmallIntegerField()
    last_key = models.TextField(blank=True)
    rows = models.PositiveBigIntegerField(default=0)
    updated_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["schema_name", "app_label", "migration", "operation"],
                name="backfill_unique",
            )
        ]

    def __str__(self) -> str:
        return f"{self.schema_name}: {self.app_label}.{self.migration}"
