from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Blob(models.Model):
    """Stored bytes, known by their SHA-256: the same content is kept once a workspace."""

    class ScanState(models.TextChoices):
        NOT_SCANNED = "not_scanned", "Not scanned"
        CLEAN = "clean", "Clean"
        INFECTED = "infected", "Infected"

    sha256 = models.CharField(primary_key=True, max_length=64)
    size = models.BigIntegerField(help_text="bytes")
    storage_name = models.CharField(max_length=200)
    scan_state = models.CharField(
        "virus scan", max_length=12, choices=ScanState.choices, default=ScanState.NOT_SCANNED
    )
    # The default stands in the database too, for the release before this field.
    scan_detail = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="the signature that matched",
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(size__gte=0), name="blob_size_not_negative"),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="blob_sha256_is_hex"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sha256[:12]}… ({self.size} bytes)"
