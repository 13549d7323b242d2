"""Who pays, and what they subscribe to, as fetched from Stripe."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.ids import uuid7
from apps.payments.catalogue import CURRENCY
from apps.payments.countries import COUNTRIES
from apps.tenants.models import Tenant
from apps.usage.plans import FREE


class AccountQuerySet(models.QuerySet["Account"]):
    def of(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def lock(self, pk: Any) -> Account:
        """The row, to be written by nobody else until the caller's transaction ends."""
        return self.select_for_update(no_key=True).get(pk=pk)

    def named(self, name: str) -> Self:
        """By the workspace's slug or schema, or by the customer's id at Stripe."""
        named = Q(customer_id=name) | Q(schema_name=name) | Q(tenant__slug=name)
        return self.filter(named)

    def of_customer(self, customer_id: str) -> Account | None:
        """The one whose customer at Stripe that is, or was until it was deleted there."""
        present = self.filter(customer_id=customer_id).first()
        return present or self.filter(former_customers=customer_id).first()

    def connected(self) -> Self:
        """Those that Stripe knows."""
        return self.filter(customer_id__isnull=False)


class Account(models.Model):
    """A workspace as somebody who pays; it stays when the workspace is gone.

    `plan` is what payments last gave the workspace. `balance` is Stripe's customer balance in
    minor units: negative is credit. `clock_id` names the test clock that the customer lives by.
    """

    class Collection(models.TextChoices):
        CHARGE = "charge_automatically", "Charged automatically"
        INVOICE = "send_invoice", "By invoice"

    ON_INVOICES: Final = (
        "legal_name", "billing_email", "line1", "postal_code", "city", "country",
    )  # fmt: skip

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.OneToOneField(
        Tenant, on_delete=models.SET_NULL, null=True, blank=True, related_name="payments_account"
    )
    schema_name = models.CharField("workspace", max_length=63)
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=timezone.now)

    customer_id = models.CharField(max_length=255, unique=True, null=True, blank=True)
    clock_id = models.CharField(max_length=255, blank=True, default="")
    simulated_at = models.DateTimeField(null=True, blank=True)
    currency = models.CharField(max_length=3, default=CURRENCY)
    method = models.CharField("pays with", max_length=100, blank=True, default="", db_default="")
    balance = models.BigIntegerField(default=0)
    collection = models.CharField(
        max_length=20, choices=Collection.choices, default=Collection.CHARGE
    )
    plan = models.CharField(max_length=20, default=FREE.slug)
    trial_used_at = models.DateTimeField(null=True, blank=True)

    # What invoices are made out to.
    legal_name = models.CharField(max_length=150, blank=True, default="")
    billing_email = models.EmailField(max_length=254, blank=True, default="")
    line1 = models.CharField("address", max_length=200, blank=True, default="")
    line2 = models.CharField("address, second line", max_length=200, blank=True, default="")
    postal_code = models.CharField(max_length=20, blank=True, default="")
    city = models.CharField(max_length=100, blank=True, default="")
    state = models.CharField("state or province", max_length=100, blank=True, default="")
    country = models.CharField(max_length=2, blank=True, default="")  # ISO 3166-1 alpha-2
    vat_id = models.CharField("VAT number", max_length=30, blank=True, default="")
    # What the tax office says of the number: Stripe's pending, verified, unverified, unavailable.
    vat_state = models.CharField(max_length=15, blank=True, default="", db_default="")
    purchase_order = models.CharField(
        "purchase order number", max_length=60, blank=True, default=""
    )

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = "customer"
        ordering = ["name"]
        indexes = [models.Index(fields=["schema_name"], name="account_by_workspace")]

    def __str__(self) -> str:
        return self.name

    @property
    def now(self) -> datetime:
        """The customer's time: their test clock's where they live by one."""
        return self.simulated_at or timezone.now()

    @property
    def credit(self) -> int:
        """Minor units that the next invoices are paid with."""
        return max(0, -self.balance)

    @property
    def country_name(self) -> str:
        return COUNTRIES.get(self.country, self.country)

    @property
    def missing_details(self) -> list[str]:
        """Names of fields that an invoice must have and that are empty."""
        return [name for name in self.ON_INVOICES if not getattr(self, name)]

    @property
    def subscription(self) -> Subscription | None:
        """The one in force, else the last one."""
        in_force = models.F("ended_at").desc(nulls_first=True)
        return self.subscriptions.order_by(in_force, "-created_at").first()


class FormerCustomer(models.Model):
    """A customer of Stripe's that was an account's until it was deleted there. Its invoices and
    payments stay the account's, and so does what is still heard of them.
    """

    id = models.CharField(max_length=255, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="former_customers")
    left_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-left_at"]

    def __str__(self) -> str:
        return self.id


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def live(self) -> Self:
        return self.filter(ended_at__isnull=True)

    def granting(self) -> Self:
        return self.live().filter(status__in=Subscription.GRANTING)

    def paused(self) -> Self:
        """Those whose pause is set, has begun, or is over without Stripe having said so yet."""
        return self.granting().filter(is_paused=True)


class Subscription(models.Model):
    """Stripe's subscription as last fetched. `amount` is what recurs each `interval` in minor
    units, without tax and metered parts, after discounts that last; `seats` are those bought
    beyond the plan's own.
    """

    class Status(models.TextChoices):
        INCOMPLETE = "incomplete", "Waiting for the first payment"
        INCOMPLETE_EXPIRED = "incomplete_expired", "Never paid"
        TRIALING = "trialing", "Trial"
        ACTIVE = "active", "Active"
        PAST_DUE = "past_due", "Past due"
        UNPAID = "unpaid", "Unpaid"
        CANCELED = "canceled", "Ended"
        PAUSED = "paused", "Paused"

    GRANTING: Final = (Status.TRIALING, Status.ACTIVE, Status.PAST_DUE)
    PAUSED_FROM: Final = "toolboxai_paused_from"  # metadata: seconds since 1970

    id = models.CharField(max_length=255, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="subscriptions")
    status = models.CharField(max_length=20, choices=Status.choices)
    plan = models.CharField(max_length=20)
    interval = models.CharField(max_length=5, choices=[("month", "Monthly"), ("year", "Yearly")])
    seats = models.PositiveIntegerField(default=0)
    amount = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, default=CURRENCY)
    collection = models.CharField(max_length=20, choices=Account.Collection.choices)
    created_at = models.DateTimeField()
    period_start = models.DateTimeField(null=True, blank=True)
    period_end = models.DateTimeField(null=True, blank=True)
    trial_start = models.DateTimeField(null=True, blank=True)
    trial_end = models.DateTimeField(null=True, blank=True)
    cancel_at_period_end = models.BooleanField(default=False)
    cancel_at = models.DateTimeField(null=True, blank=True)
    canceled_at = models.DateTimeField("cancelled at", null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    is_paused = models.BooleanField(default=False)
    resumes_at = models.DateTimeField(null=True, blank=True)
    latest_invoice_id = models.CharField(max_length=255, blank=True, default="")
    schedule_id = models.CharField(max_length=255, blank=True, default="")
    method = models.CharField("pays with", max_length=100, blank=True, default="")
    cancel_reason = models.CharField(max_length=40, blank=True, default="")
    cancel_feedback = models.CharField(max_length=40, blank=True, default="")
    cancel_comment = models.TextField(blank=True, default="")
    data: models.JSONField[Any] = models.JSONField("as fetched", default=dict)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(interval__in=["month", "year"]), name="subscription_interval_known"
            )
        ]
        indexes = [
            models.Index(fields=["account", "-created_at"], name="subscription_by_account"),
            models.Index(fields=["status"], name="subscription_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.plan}, {self.get_status_display().lower()}"

    @property
    def grants(self) -> bool:
        """Whether its plan is the workspace's, but for a pause (`rests`)."""
        return self.ended_at is None and self.status in self.GRANTING

    @property
    def was_trial(self) -> bool:
        """Whether it ended with its trial, and nothing was ever charged."""
        if self.ended_at is None or self.trial_end is None:
            return False
        return self.ended_at <= self.trial_end

    def rests(self, now: datetime) -> bool:
        """Whether a pause has begun: what was paid for is used up and nothing is charged."""
        begins = (self.data.get("metadata") or {}).get(self.PAUSED_FROM) or 0
        is_over = self.resumes_at is not None and self.resumes_at <= now
        return self.is_paused and not is_over and now.timestamp() >= int(begins)
