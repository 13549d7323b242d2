from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.tenants.models import Tenant
from apps.usage.plans import FREE


class UsageEvent(models.Model):
    """Something that happened, counted in the transaction of the deed and soon folded into its
    day. Rows are only added and removed, so deeds of one workspace never wait for each other here.
    """

    schema_name = models.CharField("workspace", max_length=63)
    metric = models.CharField(max_length=20)
    day = models.DateField()
    amount = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["schema_name", "day"], name="usage_event_by_workspace")]

    def __str__(self) -> str:
        return f"{self.schema_name} {self.metric} +{self.amount}"


class UsageDay(models.Model):
    """What one workspace used of one metric (`plans.METRICS`) on one day (UTC). Rows outlive it.

    `source` tells apart who counted: empty for this database, else the life of the Redis that
    did. Each source only grows, and a day's number is the sum of its sources.
    """

    schema_name = models.CharField("workspace", max_length=63)
    metric = models.CharField(max_length=20)
    day = models.DateField()
    source = models.CharField(max_length=32, default="", blank=True)
    amount = models.BigIntegerField()

    class Meta:
        verbose_name = "day's usage"
        verbose_name_plural = "usage by day"
        ordering = ["-day", "schema_name", "metric"]
        constraints = [
            models.UniqueConstraint(
                fields=["schema_name", "day", "metric", "source"], name="usage_day_once"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="usage_day_not_negative"),
        ]
        indexes = [models.Index(fields=["day", "metric", "-amount"], name="usage_day_top")]

    def __str__(self) -> str:
        return f"{self.schema_name} {self.day}: {self.amount} {self.metric}"


class UsageWarningQuerySet(models.QuerySet["UsageWarning"]):
    def open(self) -> Self:
        return self.filter(cleared_at__isnull=True)


class UsageWarning(models.Model):
    """A limit (`plans.LIMITS`) came near: its owners hear of it once a threshold and period."""

    schema_name = models.CharField("workspace", max_length=63)
    limit = models.CharField(max_length=20)
    threshold = models.PositiveSmallIntegerField("percent")
    period_start = models.DateField()
    used = models.BigIntegerField()
    most = models.BigIntegerField("limit is")
    at = models.DateTimeField(default=timezone.now)
    cleared_at = models.DateTimeField("no longer so since", null=True, blank=True)

    objects = UsageWarningQuerySet.as_manager()

    class Meta:
        verbose_name = "usage warning"
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["schema_name", "limit", "threshold", "period_start"],
                name="usage_warning_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["schema_name"],
                name="usage_warning_open",
                condition=Q(cleared_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.schema_name}: {self.limit} at {self.threshold} %"


class WorkspacePlan(models.Model):
    """The plan of a workspace; one without a row has the free plan.

    `seats`: staff beyond those that the plan includes. After a change to a smaller plan `former`
    is the one before, whose features stay until `former_until`. `pays_beyond`: what is metered
    (`plans.BEYOND`) may go beyond its limit for money, up to `most_beyond` in a calendar month
    (minor units, None: no most).
    """

    tenant = models.OneToOneField(
        Tenant, on_delete=models.CASCADE, primary_key=True, related_name="workspace_plan"
    )
    plan = models.CharField(max_length=20, default=FREE.slug)
    since = models.DateTimeField(default=timezone.now)
    seats = models.PositiveIntegerField(default=0, db_default=0)
    former = models.CharField(max_length=20, blank=True, default="", db_default="")
    former_until = models.DateTimeField(null=True, blank=True)
    pays_beyond = models.BooleanField(default=False, db_default=False)
    most_beyond = models.PositiveBigIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.tenant}: {self.plan}"


class WorkspaceUsage(Tenant):
    """The console's view of a workspace by what it uses."""

    class Meta:
        proxy = True
        verbose_name = "usage of a workspace"
        verbose_name_plural = "usage"
