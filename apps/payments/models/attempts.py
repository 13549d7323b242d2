"""What customers and operators asked Stripe for, written down before it is asked."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import User
from apps.core.ids import uuid7
from apps.payments.models.accounts import Account


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def open(self) -> Self:
        """Those of which nobody knows yet what became of them."""
        return self.filter(state=Attempt.State.OPEN)

    def about(self, subject: str) -> Self:
        """What operators asked for about an object; with "", what customers asked for."""
        return self.filter(subject=subject)


class Attempt(models.Model):
    """A deed at Stripe with all that is needed to ask for it again with the same `key`, so that
    whoever is unsure whether it arrived asks again and nothing happens twice
    (https://docs.stripe.com/api/idempotent_requests). One at a time is open of what a customer
    asked for themselves, and one of each `subject` (an invoice's or a dispute's id) of what
    operators asked for.
    """

    class State(models.TextChoices):
        OPEN = "open", "Not confirmed yet"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        DROPPED = "dropped", "Dropped"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="attempts")
    subject = models.CharField(max_length=255, blank=True, default="", db_default="")
    deed = models.CharField(max_length=40)
    params: models.JSONField[Any] = models.JSONField(default=dict)
    key = models.CharField(max_length=100, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    tries = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    result: models.JSONField[Any] = models.JSONField(default=dict)
    asked_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = "deed at Stripe", "deeds at Stripe"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "subject"],
                condition=Q(state="open"),
                name="attempt_open_once_each",
            )
        ]
        indexes = [models.Index(fields=["account", "deed"], name="attempt_by_deed")]

    def __str__(self) -> str:
        return f"{self.account}: {self.deed}, {self.get_state_display().lower()}"
