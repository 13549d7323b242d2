from __future__ import annotations

from django.db import models
from django.utils import timezone


class Errand(models.Model):
    """A workspace has events that are to be numbered and sent. Written with the event, so that
    what a killed process leaves behind is found (`relay.rescue`). Rows are only ever added, hence
    transactions of one workspace never wait for each other.
    """

    schema_name = models.CharField(max_length=63)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["schema_name", "id"], name="realtime_errand_of_schema")]

    def __str__(self) -> str:
        return self.schema_name
