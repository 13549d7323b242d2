from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone


class WorkspaceMark(models.Model):
    """The one row by which a workspace's schema is known: it says which one it is.

    Whoever asks for it in one workspace and is shown another's has found a leak.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    schema_name = models.CharField(max_length=63)
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="mark_single")]

    def __str__(self) -> str:
        return self.schema_name
