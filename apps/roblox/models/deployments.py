from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from apps.core.ids import uuid7

from .experiences import Environment
from .releases import Release


class DeploymentQuerySet(models.QuerySet["Deployment"]):
    def open(self) -> Self:
        return self.filter(state__in=Deployment.OPEN)

    def latest_succeeded(self) -> Self:
        """For each environment the deployment that is live there."""
        newest = (
            Deployment.objects.filter(environment=OuterRef("environment"), state="succeeded")
            .order_by("-finished_at")
            .values("pk")[:1]
        )
        return self.filter(pk=Subquery(newest))


class Deployment(models.Model):
    """One attempt to make an environment run a release, with its steps and its outcome."""

    class Kind(models.TextChoices):
        DEPLOY = "deploy", "Deploy"
        PROMOTE = "promote", "Promote"
        ROLLBACK = "rollback", "Rollback"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"

    OPEN = (State.QUEUED, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="deployments")
    environment = models.ForeignKey(
        Environment, on_delete=models.CASCADE, related_name="deployments"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    run_id = models.UUIDField("job", null=True, blank=True)
    roblox_version = models.PositiveIntegerField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True)
    started_by_id = models.UUIDField(null=True, blank=True)
    started_by_label = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["environment"],
                condition=Q(state__in=("queued", "running")),
                name="deployment_one_open",
            ),
            models.CheckConstraint(
                condition=~Q(state="succeeded") | Q(roblox_version__isnull=False),
                name="deployment_succeeded_has_version",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("succeeded", "failed")) | Q(finished_at__isnull=False),
                name="deployment_final_has_end",
            ),
        ]
        indexes = [
            models.Index(
                fields=["environment", "-finished_at"],
                condition=Q(state="succeeded"),
                name="deployment_live",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.release} to {self.environment.kind}"

    def get_absolute_url(self) -> str:
        return f"/deployments/{self.pk}/"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def started_by(self) -> str:
        return self.started_by_label


class DeploymentStep(models.Model):
    class State(models.TextChoices):
        PENDING = "pending"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        SKIPPED = "skipped"

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=20)
    title = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    detail = models.CharField(max_length=400, blank=True)
    data = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["deployment", "position"], name="step_position_unique")
        ]

    def __str__(self) -> str:
        return f"{self.title}: {self.state}"
