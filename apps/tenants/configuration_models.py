"""What a workspace remembers about its configuration and about its first steps."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.core.ids import uuid7


class ConfigurationVersion(models.Model):
    """The configuration after one change, whole, and what the change was.

    Number 0 is how it stood before the first change. `by` is kept by label: a person, a key or
    an operator. The version in force is the tenant's `configuration_version`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.CASCADE, related_name="configuration_versions"
    )
    number = models.PositiveIntegerField()
    values = models.JSONField()
    changes = models.JSONField(default=dict)  # setting: [before, after]
    by_label = models.CharField("changed by", max_length=254)
    reason = models.CharField(max_length=300, blank=True)
    restored_from = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField("changed at", default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="configuration_version_once")
        ]

    def __str__(self) -> str:
        return f"version {self.number}"


class Onboarding(models.Model):
    """A new workspace's first steps: begun by its founder, left and taken up at will.

    `steps`: name to {"state": "done" | "skipped", "by": label, "at": ISO 8601}.
    """

    tenant = models.OneToOneField(
        "tenants.Tenant", on_delete=models.CASCADE, primary_key=True, related_name="onboarding"
    )
    steps: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    started_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "onboardings"

    def __str__(self) -> str:
        return f"First steps of {self.tenant}"
