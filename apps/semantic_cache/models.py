from __future__ import annotations

from django.db import models
from django.db.models import Q


class CacheDay(models.Model):
    """What the semantic cache did for one workspace and scope on one day (UTC)."""

    schema_name = models.CharField("workspace", max_length=63)
    day = models.DateField()
    scope = models.CharField(max_length=40)
    hits = models.PositiveIntegerField(default=0)
    misses = models.PositiveIntegerField(default=0)
    bypassed = models.PositiveIntegerField(
        default=0, help_text="computed without the cache: whoever makes embeddings did not answer"
    )
    saved = models.PositiveBigIntegerField("saved time", default=0, help_text="milliseconds")

    class Meta:
        verbose_name = "day of the semantic cache"
        verbose_name_plural = "semantic cache by day"
        ordering = ["-day", "schema_name", "scope"]
        constraints = [
            models.UniqueConstraint(fields=["schema_name", "day", "scope"], name="cache_day_once"),
            models.CheckConstraint(condition=Q(saved__gte=0), name="cache_day_saved_not_negative"),
        ]
        indexes = [models.Index(fields=["day", "scope"], name="cache_day_by_scope")]

    def __str__(self) -> str:
        return f"{self.schema_name} {self.day} {self.scope}: {self.hits} of {self.asked}"

    @property
    def asked(self) -> int:
        return self.hits + self.misses + self.bypassed

    @property
    def share(self) -> int | None:
        """Percent of questions answered from earlier answers; None where none was asked."""
        return round(100 * self.hits / self.asked) if self.asked else None
