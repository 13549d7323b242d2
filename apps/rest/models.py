from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone

from apps.core.encryption import EncryptedTextField


class StoredAnswerQuerySet(models.QuerySet["StoredAnswer"]):
    def spent(self) -> Self:
        return self.filter(expires_at__lte=timezone.now())


class StoredAnswer(models.Model):
    """What a write with an Idempotency-Key was answered, for whoever sends it again."""

    KEPT: ClassVar = timedelta(hours=24)

    schema_name = models.CharField(max_length=63)
    actor = models.CharField(max_length=60)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = EncryptedTextField(help_text="some answers hold a secret that is shown once")
    expires_at = models.DateTimeField(db_index=True)

    objects = StoredAnswerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["schema_name", "actor", "key"], name="one_answer_a_key")
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.actor}"
