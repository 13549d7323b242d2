"""Visits to Stripe's hosted Checkout page."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.payments.models.accounts import Account


class CheckoutQuerySet(models.QuerySet["Checkout"]):
    def of(self, account: Account) -> Self:
        return self.filter(account=account)

    def open(self) -> Self:
        return self.filter(state=Checkout.State.OPEN)


class Checkout(models.Model):
    """A Checkout session: what was to be bought, or with `mode` setup the means of payment that
    was to be left. A customer has one open at most: two tabs lead to the same page of Stripe's.
    """

    class Mode(models.TextChoices):
        SUBSCRIPTION = "subscription", "Subscribe"
        SETUP = "setup", "Leave a means of payment"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        COMPLETE = "complete", "Complete"
        EXPIRED = "expired", "Expired"

    id = models.CharField(max_length=255, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="checkouts")
    mode = models.CharField(max_length=15, choices=Mode.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    plan = models.CharField(max_length=20, blank=True, default="")
    interval = models.CharField(max_length=5, blank=True, default="")
    seats = models.PositiveIntegerField(default=0)
    promotion_code = models.CharField(max_length=80, blank=True, default="")
    url = models.URLField(max_length=1000, blank=True, default="")
    subscription_id = models.CharField(max_length=255, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = CheckoutQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(state="open"), name="checkout_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.get_mode_display().lower()}, {self.get_state_display()}"
