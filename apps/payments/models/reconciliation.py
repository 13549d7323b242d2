"""How our rows were compared with Stripe's objects, and where they differed."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone

from apps.core.ids import uuid7


class ReconcileRunQuerySet(models.QuerySet["ReconcileRun"]):
    def of_kind(self, kind: str) -> Self:
        return self.filter(kind=kind)

    def finished(self) -> Self:
        return self.filter(state=ReconcileRun.State.FINISHED)


class ReconcileRun(models.Model):
    """One comparison. `counts` holds, by the name of Stripe's object, how many were `seen`,
    `missing`, `different`, `surplus`, `repaired` and `failed`.
    """

    class Kind(models.TextChoices):
        OBJECTS = "objects", "objects"
        EVENTS = "events", "events that never came"

    class State(models.TextChoices):
        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.OBJECTS)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    customer_id = models.CharField(
        "customer", max_length=255, blank=True, default="", help_text="Empty: all of them."
    )
    repairs = models.BooleanField(default=False)
    since = models.DateTimeField(
        null=True, blank=True, help_text="What is older was not looked at."
    )
    asked_by = models.CharField(max_length=254, default="system")
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict)
    newest = models.CharField(
        max_length=255, blank=True, default="", help_text="The newest event of Stripe's list."
    )
    problem = models.JSONField(null=True, blank=True)

    objects = ReconcileRunQuerySet.as_manager()

    class Meta:
        verbose_name = "comparison with Stripe"
        verbose_name_plural = "comparisons with Stripe"
        ordering = ("-started_at", "-id")
        indexes = (models.Index(name="reconcile_run_newest", fields=["kind", "-started_at"]),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.started_at:%Y-%m-%d %H:%M}"

    def total(self, what: str) -> int:
        return sum(int(numbers.get(what, 0)) for numbers in self.counts.values())

    @property
    def drift(self) -> int:
        """How many objects stood otherwise here than at Stripe."""
        return sum(self.total(what) for what in Finding.Kind.values)


class Finding(models.Model):
    """An object that stands otherwise here than at Stripe. `differences` holds for each field
    `[ours, Stripe's]`.
    """

    class Kind(models.TextChoices):
        MISSING = "missing", "not here"
        DIFFERENT = "different", "different"
        SURPLUS = "surplus", "not at Stripe"
        FAILED = "failed", "could not be taken in"

    run = models.ForeignKey(ReconcileRun, on_delete=models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=255)
    customer_id = models.CharField("customer", max_length=255, blank=True, default="")
    differences = models.JSONField(default=dict)
    is_repaired = models.BooleanField("repaired", default=False)
    problem = models.JSONField(null=True, blank=True)

    class Meta:
        verbose_name = "drift"
        verbose_name_plural = "drift"
        ordering = ("-run_id", "id")
        indexes = (models.Index(name="finding_object", fields=["object_id"]),)

    def __str__(self) -> str:
        return f"{self.object_type} {self.object_id}: {self.get_kind_display()}"
