from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.encryption import EncryptedTextField
from apps.core.ids import uuid7


class Message(models.Model):
    """One outgoing mail. Its text may hold a secret link, so it is encrypted and goes once sent."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    schema_name = models.CharField("workspace", max_length=63)
    template = models.CharField(max_length=100)
    to = models.EmailField(max_length=254)
    subject = models.CharField(max_length=200)
    text = EncryptedTextField(blank=True)
    html = EncryptedTextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="sent") | (Q(sent_at__isnull=False) & Q(text="")),
                name="message_sent_is_emptied",
            )
        ]
        indexes = [models.Index(fields=["to", "-created_at"], name="message_by_recipient")]

    def __str__(self) -> str:
        return f"{self.subject} to {self.to}"
