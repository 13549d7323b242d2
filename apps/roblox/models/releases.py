from __future__ import annotations

import re
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.ids import uuid7
from apps.media.models import Blob

from .experiences import Experience

# Semantic Versioning 2.0.0 without build metadata: https://semver.org
SEMVER = re.compile(
    r"^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?\Z",
    re.ASCII,
)


class Artifact(models.Model):
    """An uploaded place or model file as it was read. The bytes are a blob."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    blob = models.OneToOneField(Blob, on_delete=models.PROTECT, related_name="artifact")
    filename = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=[("place", "Place"), ("model", "Model")])
    format = models.CharField(max_length=10, choices=[("binary", "Binary"), ("xml", "XML")])
    instance_count = models.PositiveIntegerField()
    script_count = models.PositiveIntegerField()
    class_counts = models.JSONField(default=list)
    asset_references = models.JSONField(default=list)
    tree = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.filename

    @property
    def sha256(self) -> str:
        return self.blob_id

    @property
    def size(self) -> int:
        """Bytes."""
        return self.blob.size


class ReleaseQuerySet(models.QuerySet["Release"]):
    def newest_version_first(self) -> Self:
        return self.order_by("-major", "-minor", "-patch", "-created_at")


class Release(models.Model):
    """A version of an experience that can be deployed."""

    class State(models.TextChoices):
        SCANNING = "scanning", "Being scanned"
        READY = "ready", "Ready"
        BLOCKED = "blocked", "Blocked"
        WITHDRAWN = "withdrawn", "Withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    experience = models.ForeignKey(Experience, on_delete=models.CASCADE, related_name="releases")
    version = models.CharField(max_length=60)
    major = models.PositiveIntegerField()
    minor = models.PositiveIntegerField()
    patch = models.PositiveIntegerField()
    artifact = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="releases")
    notes = models.TextField(blank=True, max_length=5000)
    state = models.CharField(max_length=10, choices=State.choices, default=State.SCANNING)
    scanned_at = models.DateTimeField(null=True, blank=True)
    created_by_id = models.UUIDField(null=True, blank=True)
    created_by_label = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["experience", "version"], name="release_version_unique"
            ),
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(scanned_at__isnull=False),
                name="release_ready_is_scanned",
            ),
        ]
        indexes = [
            models.Index(
                fields=["experience", "-major", "-minor", "-patch"], name="release_by_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.experience} {self.version}"

    def get_absolute_url(self) -> str:
        return f"{self.experience.get_absolute_url()}releases/{self.version}/"

    @property
    def precedence(self) -> tuple[int, int, int, datetime]:
        """The greater, the higher its version: the order of `newest_version_first`."""
        return self.major, self.minor, self.patch, self.created_at

    @property
    def created_by(self) -> str:
        return self.created_by_label

    @property
    def is_deployable(self) -> bool:
        return self.state == self.State.READY


class Finding(models.Model):
    """Something the scan saw in a release's scripts."""

    class Severity(models.TextChoices):
        INFO = "info"
        LOW = "low"
        MEDIUM = "medium"
        HIGH = "high"
        CRITICAL = "critical"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="findings")
    rule = models.CharField(max_length=60)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    rank = models.PositiveSmallIntegerField(help_text="0 is the most severe")
    path = models.CharField(max_length=1000)
    line = models.PositiveIntegerField(default=0)
    column = models.PositiveIntegerField(default=0)
    message = models.TextField()
    excerpt = models.TextField(blank=True)

    class Meta:
        ordering = ["rank", "path", "line"]

    def __str__(self) -> str:
        return f"{self.severity} {self.rule} at {self.path}:{self.line}"
