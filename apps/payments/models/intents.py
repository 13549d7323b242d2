"""Stripe's PaymentIntents, as far as it matters how they stand."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from apps.payments.models.accounts import Account
from apps.payments.models.documents import Invoice


class PaymentIntentQuerySet(models.QuerySet["PaymentIntent"]):
    def of(self, invoice: Invoice) -> PaymentIntentQuerySet:
        """Those that pay the invoice, or were to."""
        found = (invoice.data.get("payments") or {}).get("data") or []
        named = [(one.get("payment") or {}).get("payment_intent") for one in found]
        return self.filter(pk__in=[one["id"] if isinstance(one, dict) else one for one in named])


class PaymentIntent(models.Model):
    """`failure_code` and `decline_code` are of its last try, empty where that was none."""

    REQUIRES_ACTION: ClassVar = "requires_action"
    PROCESSING: ClassVar = "processing"  # a direct debit takes days

    id = models.CharField(max_length=255, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="intents")
    status = models.CharField(max_length=40)
    failure_code = models.CharField(max_length=60, blank=True, default="")
    decline_code = models.CharField(max_length=60, blank=True, default="")
    created_at = models.DateTimeField()

    objects = PaymentIntentQuerySet.as_manager()

    class Meta:
        verbose_name = "payment intent"
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.id


def from_stripe(data: Any) -> dict[str, str]:
    """The values of a row, from the object as fetched."""
    error = data.get("last_payment_error") or {}
    return {
        "status": data["status"],
        "failure_code": error.get("code") or "",
        "decline_code": error.get("decline_code") or "",
    }
