from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.ids import uuid7


class ImpersonationQuerySet(models.QuerySet["Impersonation"]):
    def running(self) -> Self:
        return self.filter(
            entered_at__isnull=False, ended_at__isnull=True, expires_at__gt=timezone.now()
        )


class Impersonation(models.Model):
    """An operator in a workspace as one of its members, for a reason and a while.

    Workspace and people are kept by label, too: the record outlives them.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    schema_name = models.CharField(max_length=63, db_index=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    operator_label = models.CharField("operator", max_length=254)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    person_label = models.CharField("as", max_length=254)
    reason = models.CharField(max_length=500)
    may_write = models.BooleanField("may change things", default=False)
    write_reason = models.CharField("why it changes things", max_length=500, blank=True)
    ticket_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    entered_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ImpersonationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="impersonation_has_a_reason"),
            models.CheckConstraint(
                condition=Q(may_write=False) | ~Q(write_reason=""),
                name="impersonation_writes_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operator_label} as {self.person_label}"

    @property
    def deeds(self) -> list[Visit]:
        """What was looked at and asked for, in the order in which it was first."""
        return list(self.visits.all())

    @property
    def state(self) -> str:
        if self.ended_at or self.expires_at <= timezone.now():
            return "ended"
        return "running" if self.entered_at else "not entered"


class Visit(models.Model):
    """An address that was asked for in an impersonation, and how often; without what stood behind
    its question mark.
    """

    impersonation = models.ForeignKey(
        Impersonation, on_delete=models.CASCADE, related_name="visits"
    )
    method = models.CharField(max_length=7)
    path = models.CharField(max_length=300)
    status = models.PositiveSmallIntegerField("last answer")
    times = models.PositiveIntegerField(default=1, db_default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        ordering = ["first_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["impersonation", "method", "path"], name="impersonation_visit_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_refused(self) -> bool:
        return self.status in {401, 403, 405}
