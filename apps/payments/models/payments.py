"""Money that came in, was tried to be taken, went back, or is disputed; as fetched from Stripe.

Amounts are minor units.
"""

from __future__ import annotations

from typing import Any, Final, Self

from django.db import models
from django.db.models import F, Q

from apps.payments import failures
from apps.payments.catalogue import CURRENCY
from apps.payments.models.accounts import Account
from apps.payments.models.documents import Invoice
from apps.payments.models.requests import MoneyRequest


class InvoicePayment(models.Model):
    """Which PaymentIntent pays which invoice: a charge does not say what it is for."""

    id = models.CharField(max_length=255, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    invoice_id = models.CharField(max_length=255)
    payment_intent_id = models.CharField(max_length=255)

    class Meta:
        indexes = [models.Index(fields=["payment_intent_id"], name="invoice_payment_by_intent")]

    def __str__(self) -> str:
        return f"{self.payment_intent_id} pays {self.invoice_id}"


class PaymentQuerySet(models.QuerySet["Payment"]):
    def failed(self) -> Self:
        return self.filter(status=Payment.Status.FAILED)


class Payment(models.Model):
    """One attempt to take money: Stripe's charge, or (`OFF_STRIPE` before the invoice's id) money
    that came another way and was noted on the invoice.

    `amount_requested` is what refunds have given back, or hold while they wait; the database
    refuses that it exceeds what was taken.
    """

    class Status(models.TextChoices):
        SUCCEEDED = "succeeded", "Paid"
        PENDING = "pending", "Under way"
        FAILED = "failed", "Failed"

    OFF_STRIPE: Final = "off_stripe_"

    id = models.CharField(max_length=255, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="payments")
    # Without a constraint: either may be heard of first.
    invoice = models.ForeignKey(
        Invoice, on_delete=models.DO_NOTHING, db_constraint=False, null=True, blank=True,
        related_name="payments",
    )  # fmt: skip
    payment_intent_id = models.CharField(max_length=255, blank=True, default="")
    status = models.CharField(max_length=10, choices=Status.choices)
    currency = models.CharField(max_length=3, default=CURRENCY)
    amount = models.BigIntegerField()
    amount_captured = models.BigIntegerField(default=0)
    amount_refunded = models.BigIntegerField(default=0)
    amount_requested = models.BigIntegerField(default=0)
    is_disputed = models.BooleanField(default=False)
    method = models.CharField("paid with", max_length=100, blank=True, default="")
    method_type = models.CharField(max_length=40, blank=True, default="")
    last4 = models.CharField("last four digits", max_length=4, blank=True, default="")
    failure_code = models.CharField(max_length=60, blank=True, default="")
    decline_code = models.CharField(max_length=60, blank=True, default="")
    created_at = models.DateTimeField()
    data: models.JSONField[Any] = models.JSONField("as fetched", default=dict)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_requested__gte=0)
                & Q(amount_requested__lte=F("amount_captured")),
                name="payment_refunds_within_amount",
            )
        ]
        indexes = [
            models.Index(fields=["account", "-created_at"], name="payment_by_account"),
            models.Index(fields=["status", "-created_at"], name="payment_by_status"),
            models.Index(fields=["payment_intent_id"], name="payment_by_intent"),
            models.Index(fields=["last4", "-created_at"], name="payment_by_card"),
            models.Index(fields=["invoice"], name="payment_by_invoice"),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def failure(self) -> str:
        """Why it failed, in a sentence for who pays."""
        codes = (self.decline_code, self.failure_code)
        return failures.in_words(*codes) if self.has_failed else ""

    @property
    def has_failed(self) -> bool:
        return self.status == self.Status.FAILED

    @property
    def is_off_stripe(self) -> bool:
        return self.id.startswith(self.OFF_STRIPE)

    @property
    def refundable(self) -> int:
        """What can still be given back; nothing while the bank decides about it."""
        if self.status != self.Status.SUCCEEDED or self.is_disputed:
            return 0
        return self.amount_captured - self.amount_requested


class Refund(MoneyRequest):
    """Money given back. `reason` is Stripe's word for a credit note, `note` the operator's."""

    class Reason(models.TextChoices):
        UNSATISFACTORY = "product_unsatisfactory", "The customer is not satisfied"
        ORDER_CHANGE = "order_change", "The order was changed"
        DUPLICATE = "duplicate", "Charged twice"
        FRAUDULENT = "fraudulent", "It was not the customer's"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    reason = models.CharField(max_length=30, choices=Reason.choices, blank=True, default="")
    credit_note_id = models.CharField(max_length=255, blank=True, default="")
    retry_of = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="retry"
    )

    class Meta(MoneyRequest.Meta):
        constraints = [
            *MoneyRequest.Meta.constraints,
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_of_something"),
            # So that what Stripe tells meanwhile can only be about that one.
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(state="sent", stripe_id__isnull=True),
                name="refund_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"Refund for {self.account}"


class CustomerCredit(MoneyRequest):
    """A change of what the customer's next invoices are lessened by: `amount` is what they gain,
    negative where they lose. `kind` is Stripe's word for what it came by, `ending_balance` Stripe's
    balance after it (negative is credit).
    """

    kind = models.CharField(max_length=60, default="adjustment")
    invoice_id = models.CharField(max_length=255, blank=True, default="")
    credit_note_id = models.CharField(max_length=255, blank=True, default="")
    ending_balance = models.BigIntegerField(null=True, blank=True)

    class Meta(MoneyRequest.Meta):
        verbose_name = "credit"
        constraints = [
            *MoneyRequest.Meta.constraints,
            models.CheckConstraint(condition=~Q(amount=0), name="credit_of_something"),
        ]

    def __str__(self) -> str:
        return f"Credit for {self.account}"


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def to_answer(self) -> Self:
        return self.filter(status__in=Dispute.TO_ANSWER)


class Dispute(models.Model):
    """The customer's bank takes a payment back, or asks about it; it is answered until `due_at`."""

    class Status(models.TextChoices):
        WARNING_NEEDS_RESPONSE = "warning_needs_response", "Inquiry: to be answered"
        WARNING_UNDER_REVIEW = "warning_under_review", "Inquiry: answered"
        WARNING_CLOSED = "warning_closed", "Inquiry: closed"
        NEEDS_RESPONSE = "needs_response", "To be answered"
        UNDER_REVIEW = "under_review", "The bank decides"
        WON = "won", "Won"
        LOST = "lost", "Lost"
        PREVENTED = "prevented", "Prevented"

    TO_ANSWER: Final = (Status.NEEDS_RESPONSE, Status.WARNING_NEEDS_RESPONSE)

    id = models.CharField(max_length=255, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="disputes")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    status = models.CharField(max_length=30, choices=Status.choices)
    reason = models.CharField(max_length=60)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3, default=CURRENCY)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField("answer until", null=True, blank=True)
    submission_count = models.PositiveIntegerField("answers sent", default=0)
    data: models.JSONField[Any] = models.JSONField("as fetched", default=dict)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["status", "due_at"], name="dispute_by_status"),
            models.Index(fields=["account", "-created_at"], name="dispute_by_account"),
        ]

    def __str__(self) -> str:
        return f"Dispute of {self.account}"

    @property
    def can_be_answered(self) -> bool:
        return self.status in self.TO_ANSWER

    @property
    def reason_text(self) -> str:
        return self.reason.replace("_", " ")
