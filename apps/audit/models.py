from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q

from apps.core.ids import uuid7


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def search(self, words: str) -> Self:
        """Entries whose action, actor or object begins with or holds `words`."""
        return self.filter(
            Q(action__istartswith=words)
            | Q(actor_label__icontains=words)
            | Q(object_label__icontains=words)
        )


class AuditEntry(models.Model):
    """One deed: who did what to which thing, when. Rows name the tenant by value and outlive it.

    Each row carries the hash of the one before in the same workspace, so that a changed or
    removed row shows (`manage.py audit verify`).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    schema_name = models.CharField("workspace", max_length=63)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_label = models.CharField(max_length=254)
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=80, blank=True)
    object_id = models.CharField(max_length=80, blank=True)
    object_label = models.CharField(max_length=200, blank=True)
    data = models.JSONField(default=dict, blank=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-sequence"]
        verbose_name_plural = "audit entries"
        constraints = [
            models.UniqueConstraint(
                fields=["schema_name", "sequence"], name="audit_sequence_unique"
            )
        ]
        indexes = [
            models.Index(fields=["schema_name", "-at"], name="audit_by_workspace"),
            models.Index(fields=["object_type", "object_id"], name="audit_by_object"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_label} {self.action} {self.object_label}"
