"""Invoices and credit notes as last fetched from Stripe. Amounts are minor units."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q

from apps.payments.catalogue import CURRENCY
from apps.payments.models.accounts import Account
from apps.tenants.models import Tenant


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def of(self, tenant: Tenant) -> Self:
        return self.filter(account__tenant=tenant)

    def final(self) -> Self:
        """Those a customer sees: numbered, not drafts."""
        return self.exclude(status=Invoice.Status.DRAFT)

    def owed(self) -> Self:
        return self.filter(status=Invoice.Status.OPEN, amount_remaining__gt=0)


class Invoice(models.Model):
    """`data` is the object as fetched, with every line."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        OPEN = "open", "Open"
        PAID = "paid", "Paid"
        VOID = "void", "Void"
        UNCOLLECTIBLE = "uncollectible", "Written off"

    id = models.CharField(max_length=255, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="invoices")
    subscription_id = models.CharField(max_length=255, blank=True, default="")
    number = models.CharField(max_length=60, blank=True, default="")
    status = models.CharField(max_length=15, choices=Status.choices)
    currency = models.CharField(max_length=3, default=CURRENCY)
    subtotal = models.BigIntegerField(default=0)
    tax = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    amount_due = models.BigIntegerField(default=0)
    amount_paid = models.BigIntegerField(default=0)
    amount_remaining = models.BigIntegerField(default=0)
    attempt_count = models.PositiveIntegerField(default=0)
    attempted = models.BooleanField(default=False)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    billing_reason = models.CharField(max_length=40, blank=True, default="")
    collection = models.CharField(max_length=20, choices=Account.Collection.choices)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    finalized_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    uncollectible_at = models.DateTimeField(null=True, blank=True)
    period_start = models.DateTimeField(null=True, blank=True)
    period_end = models.DateTimeField(null=True, blank=True)
    hosted_url = models.URLField(max_length=500, blank=True, default="")
    data: models.JSONField[Any] = models.JSONField("as fetched", default=dict)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["number"], condition=~Q(number=""), name="invoice_number_once"
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | ~Q(number=""), name="invoice_final_has_number"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-created_at"], name="invoice_by_account"),
            models.Index(fields=["status", "-created_at"], name="invoice_by_status"),
        ]

    def __str__(self) -> str:
        return self.number or f"Draft {self.id}"

    @property
    def has_receipt(self) -> bool:
        return self.paid_at is not None and self.amount_paid > 0

    @property
    def is_owed(self) -> bool:
        return self.status == self.Status.OPEN and self.amount_remaining > 0


class CreditNoteQuerySet(models.QuerySet["CreditNote"]):
    def of(self, tenant: Tenant) -> Self:
        return self.filter(account__tenant=tenant)


class CreditNote(models.Model):
    class Status(models.TextChoices):
        ISSUED = "issued", "Issued"
        VOID = "void", "Void"

    id = models.CharField(max_length=255, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credit_notes")
    invoice_id = models.CharField(max_length=255)
    number = models.CharField(max_length=60, unique=True)
    status = models.CharField(max_length=10, choices=Status.choices)
    type = models.CharField(max_length=20, blank=True, default="")  # pre_payment or post_payment
    reason = models.CharField(max_length=40, blank=True, default="")
    memo = models.TextField(blank=True, default="")
    currency = models.CharField(max_length=3, default=CURRENCY)
    subtotal = models.BigIntegerField(default=0)
    tax = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True, blank=True)
    data: models.JSONField[Any] = models.JSONField("as fetched", default=dict)

    objects = CreditNoteQuerySet.as_manager()

    class Meta:
        verbose_name = "credit note"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["account", "-created_at"], name="credit_note_by_account"),
            models.Index(fields=["invoice_id"], name="credit_note_by_invoice"),
        ]

    def __str__(self) -> str:
        return self.number
