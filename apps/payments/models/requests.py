"""What operators want done with money, and who else has to agree."""

from __future__ import annotations

from typing import Any, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.core.ids import uuid7
from apps.payments.catalogue import CURRENCY
from apps.payments.models.accounts import Account


class RequestQuerySet(models.QuerySet[Any]):
    def waiting(self) -> Self:
        return self.filter(state=MoneyRequest.State.WAITING)

    def counting(self) -> Self:
        """Those that have moved the money, or may still."""
        return self.filter(state__in=MoneyRequest.COUNTING)


class MoneyRequest(models.Model):
    """Base of a refund and of a credit. One that nobody here asked for was found at Stripe: then
    `asked_by_label` says so. `amount` is in minor units. Over a limit somebody else than who asked
    decides, until `expires_at`; the database holds that as well.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for approval"
        READY = "ready", "About to be carried out"
        SENT = "sent", "Under way"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        REJECTED = "rejected", "Rejected"
        EXPIRED = "expired", "Expired"
        WITHDRAWN = "withdrawn", "Withdrawn"

    COUNTING: Final = (State.WAITING, State.READY, State.SENT, State.DONE)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="%(class)ss")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3, default=CURRENCY)
    state = models.CharField(max_length=10, choices=State.choices)
    note = models.CharField("why", max_length=500)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    asked_by_label = models.CharField("asked by", max_length=254)
    asked_at = models.DateTimeField(default=timezone.now)
    needs_approval = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    decided_by_label = models.CharField("decided by", max_length=254, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField("because", max_length=500, blank=True, default="")
    # Sent along at each attempt, so that Stripe does it once.
    idempotency_key = models.CharField(max_length=80, default="", editable=False)
    attempts = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=500, blank=True, default="")
    stripe_id = models.CharField(max_length=255, unique=True, null=True, blank=True)

    objects = RequestQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="%(class)s_decided_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["ready", "sent", "done", "failed"])
                | Q(needs_approval=False)
                | Q(decided_at__isnull=False),
                name="%(class)s_approved_before_begun",
            ),
        ]
        indexes = [models.Index(fields=["state", "-asked_at"], name="%(class)s_by_state")]

    def take_another_key(self) -> None:
        """Nothing is done twice for it: what an earlier key did is looked for first."""
        base, _, _ = self.idempotency_key.partition("+")
        self.idempotency_key = f"{base}+{self.attempts}"
        self.save(update_fields=["idempotency_key"])
