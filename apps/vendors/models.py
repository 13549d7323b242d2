from __future__ import annotations

from django.db import models


class Vendor(models.Model):
    """An outside service with its circuit breaker: no table, the state is in Redis. It gives the
    console a page, and the audit a name for what operators do there.
    """

    name = models.CharField(primary_key=True, max_length=40)

    class Meta:
        managed = False
        verbose_name = "outside service"

    def __str__(self) -> str:
        return self.name
