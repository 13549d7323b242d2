"""What subscriptions are worth a month, from when on."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.payments.models.accounts import Account, Subscription


class SubscriptionChange(models.Model):
    """From `at` on a month of the subscription is worth `monthly` minor units. Made of its invoices
    (`mrr.history`), and made anew whenever one of them changes.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    monthly = models.BigIntegerField()
    text = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["subscription", "at"], name="subscription_change_once"),
            models.CheckConstraint(condition=Q(monthly__gte=0), name="subscription_change_worth"),
        ]
        indexes = [models.Index(fields=["account", "at"], name="subscription_change_account")]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.monthly} from {self.at:%Y-%m-%d}"
