"""What was told Stripe of use beyond the included."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.core.ids import uuid7
from apps.payments.models.accounts import Account


class UsageReport(models.Model):
    """So many units more of something metered in a calendar month. It is written before Stripe is
    told and has the identifier that Stripe knows the event by, so that telling twice counts once.

    What is `waived` is never told: it was used before it was paid for, or under another plan.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="usage_reports")
    meter = models.CharField(max_length=30)
    month = models.DateField()
    plan = models.CharField(max_length=20)
    units = models.PositiveBigIntegerField()
    waived = models.BooleanField(default=False)
    at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "usage report"
        ordering = ["at", "id"]
        indexes = [
            models.Index(fields=["account", "month", "meter"], name="usage_report_by_month"),
            models.Index(
                fields=["at"],
                name="usage_report_unsent",
                condition=Q(sent_at__isnull=True, waived=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.units} {self.meter} in {self.month:%B %Y}"

    @property
    def identifier(self) -> str:
        return f"toolboxai-{self.pk}"
