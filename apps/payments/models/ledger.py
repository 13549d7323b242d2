"""Double entries. PostgreSQL holds that they balance and that nothing is ever changed (ADR 29)."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q, Sum
from django.utils import timezone

from apps.core.ids import uuid7
from apps.payments.catalogue import CURRENCY
from apps.payments.ledger.chart import ACCOUNTS, LedgerAccount
from apps.payments.models.accounts import Account


class LedgerTransaction(models.Model):
    """One movement. `key` is Stripe's id and the kind of movement, so none is posted twice; what is
    set right later is a transaction of its own that names the first of its kind in `corrects`.

    `source_type` and `source_id` are Stripe's object.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=400, unique=True)
    kind = models.CharField(max_length=300)
    source_type = models.CharField("object", max_length=50)
    source_id = models.CharField("object's id", max_length=300)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, related_name="ledger_transactions"
    )
    occurred_at = models.DateTimeField()
    posted_at = models.DateTimeField(default=timezone.now)
    currency = models.CharField(max_length=3, default=CURRENCY)
    memo = models.CharField(max_length=200)
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "ledger transaction"
        ordering = ["-occurred_at", "-id"]
        indexes = [
            models.Index(fields=["source_id"], name="ledger_by_source"),
            models.Index(fields=["account", "-occurred_at"], name="ledger_tx_by_account"),
            models.Index(fields=["-occurred_at", "-id"], name="ledger_tx_by_time"),
        ]

    def __str__(self) -> str:
        return self.memo


class LedgerEntryQuerySet(models.QuerySet["LedgerEntry"]):
    def of(self, code: str, *, account: Account | None = None) -> Self:
        """Entries of a ledger account; `account`: this customer's only."""
        found = self.filter(ledger_account=code)
        return found if account is None else found.filter(account=account)

    def until(self, moment: datetime | None) -> Self:
        """What had happened before `moment`; None: everything."""
        return self.filter(occurred_at__lt=moment) if moment else self

    def total(self) -> int:
        """The signed sum: debits less credits."""
        return int(self.aggregate(found=Sum("amount"))["found"] or 0)


class LedgerEntry(models.Model):
    """`amount`: minor units, a debit positive, a credit negative. Customer, currency and time are
    the transaction's, so that sums need no join.
    """

    transaction = models.ForeignKey(
        LedgerTransaction, on_delete=models.PROTECT, related_name="entries"
    )
    ledger_account = models.CharField(max_length=30)
    detail = models.CharField(max_length=255, blank=True, default="")
    amount = models.BigIntegerField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    currency = models.CharField(max_length=3, default=CURRENCY)
    occurred_at = models.DateTimeField()

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        verbose_name = "ledger entry"
        verbose_name_plural = "ledger entries"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="ledger_entry_moves_something"),
            models.UniqueConstraint(
                fields=["transaction", "ledger_account", "detail"], name="ledger_entry_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["ledger_account", "occurred_at"],
                include=["amount", "detail", "currency"],
                name="ledger_entry_by_time",
            ),
            models.Index(
                fields=["account", "ledger_account", "occurred_at"],
                include=["amount"],
                name="ledger_entry_by_account",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ledger_account} {self.amount:+}"

    @property
    def size(self) -> int:
        """Without its sign."""
        return abs(self.amount)

    @property
    def chart(self) -> LedgerAccount:
        return ACCOUNTS[self.ledger_account]


class RevenueScheduleQuerySet(models.QuerySet["RevenueSchedule"]):
    def unsettled(self) -> Self:
        return self.filter(is_settled=False)


class RevenueSchedule(models.Model):
    """When a line of an invoice or of a credit note is earned (`ledger.recognition`).

    `amount` is what all of it comes to (nothing once it is void), `recognised` what of it was
    posted for the days before `recognised_until`, and `posted_stream` where that stands.
    """

    key = models.CharField(max_length=255, primary_key=True)
    source_id = models.CharField(max_length=255)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="schedules")
    subscription_id = models.CharField(max_length=255, blank=True, default="")
    currency = models.CharField(max_length=3, default=CURRENCY)
    ledger_account = models.CharField(max_length=30)
    stream = models.CharField(max_length=60)
    amount = models.BigIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField()
    from_on = models.DateField()
    from_at = models.DateTimeField()
    released_on = models.DateField(null=True)
    voided_at = models.DateTimeField(null=True)
    recognised = models.BigIntegerField(default=0)
    recognised_until = models.DateField(null=True)
    posted_stream = models.CharField(max_length=60, blank=True, default="")
    postings = models.PositiveIntegerField(default=0)
    is_settled = models.BooleanField(default=False)

    objects = RevenueScheduleQuerySet.as_manager()

    class Meta:
        verbose_name = "revenue schedule"
        ordering = ["starts_on", "key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")), name="revenue_schedule_has_days"
            )
        ]
        indexes = [
            models.Index(fields=["source_id"], name="revenue_by_source"),
            models.Index(fields=["subscription_id"], name="revenue_by_subscription"),
            models.Index(
                fields=["account"], condition=Q(is_settled=False), name="revenue_to_recognise"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream}: {self.amount} from {self.starts_on} to {self.ends_on}"
