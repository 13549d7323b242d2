"""What Stripe said had happened: kept as it came, and what has been done about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Self

from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from apps.payments.stripe_values import identity, moment

# What is fetched instead of an object that is part of another one.
PART_OF: dict[str, tuple[str, ...]] = {
    "cash_balance": ("customer",),
    "customer_cash_balance_transaction": ("customer",),
    "discount": ("subscription", "customer"),
    "invoice_payment": ("invoice",),
    "invoiceitem": ("invoice", "customer"),
    "payment_method": ("customer",),
    "tax_id": ("customer",),
}


class StripeEventQuerySet(models.QuerySet["StripeEvent"]):
    def waiting(self) -> Self:
        return self.filter(state=StripeEvent.State.WAITING)

    def due(self) -> Self:
        """Waiting, and to be dealt with by now."""
        return self.waiting().filter(due_at__lte=timezone.now())

    def failed(self) -> Self:
        return self.filter(state=StripeEvent.State.FAILED)

    def about(self, event: StripeEvent) -> Self:
        """All that tell of the same object."""
        return self.filter(object_type=event.object_type, object_id=event.object_id)

    def insert_once(self, event: StripeEvent) -> bool:
        """False where the event is here already, in one statement whoever else is at it."""
        fields = StripeEvent._meta.concrete_fields
        names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
        values = [field.get_db_prep_save(getattr(event, field.attname), connection)
                  for field in fields]  # fmt: skip
        table = connection.ops.quote_name(StripeEvent._meta.db_table)
        holes = ", ".join(["%s"] * len(fields))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} ({names}) VALUES ({holes}) ON CONFLICT DO NOTHING",  # noqa: S608
                values,
            )
            return bool(cursor.rowcount)


class StripeEvent(models.Model):
    """One event of Stripe's (https://docs.stripe.com/api/events/object).

    Its payload is for people to read. It says which object to look at, and is never believed about
    how that object stands: that is fetched (`services.sync`).
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        PROCESSED = "processed"
        FAILED = "failed"  # for good, until an operator has it done again
        IGNORED = "ignored"  # of a customer that is none of ours

    class Source(models.TextChoices):
        WEBHOOK = "webhook", "sent by Stripe"
        LISTED = "listed", "found in Stripe's list"

    id = models.CharField(primary_key=True, max_length=255)
    type = models.CharField(max_length=120)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=255)
    # Empty for what belongs to no customer, and until it is fetched for what does not name its own.
    customer_id = models.CharField(max_length=255, blank=True, default="")
    created = models.DateTimeField(
        help_text="When it happened, by Stripe's or a test clock's time."
    )
    is_live = models.BooleanField(default=False)
    payload = models.JSONField()
    source = models.CharField(max_length=7, choices=Source.choices, default=Source.WEBHOOK)
    endpoint = models.UUIDField(null=True, blank=True, help_text="Where it came in.")
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    processed_at = models.DateTimeField(null=True, blank=True)
    problem = models.JSONField(null=True, blank=True)

    objects = StripeEventQuerySet.as_manager()

    class Meta:
        verbose_name = "event of Stripe's"
        verbose_name_plural = "events of Stripe's"
        ordering = ("-received_at", "-id")
        constraints = (
            models.CheckConstraint(
                name="stripe_event_processed_when_it_was",
                condition=Q(state="processed", processed_at__isnull=False)
                | (~Q(state="processed") & Q(processed_at__isnull=True)),
            ),
        )
        indexes = (
            models.Index(
                name="stripe_event_waiting", fields=["customer_id", "due_at"],
                condition=Q(state="waiting"),
            ),
            models.Index(name="stripe_event_received", fields=["-received_at", "-id"]),
            models.Index(name="stripe_event_customer", fields=["customer_id", "-received_at"]),
            models.Index(name="stripe_event_object", fields=["object_id"]),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.type} {self.id}"

    @classmethod
    def of(cls, payload: Mapping[str, Any], **about: Any) -> StripeEvent:
        """Not yet saved. Raises `KeyError`, `TypeError` or `ValueError` for what is no event."""
        found = payload["data"]["object"]
        kind, object_id = target_of(found)
        if payload["object"] != "event" or not payload["id"].startswith("evt_"):
            raise ValueError(payload["object"])
        return cls(
            id=payload["id"],
            type=payload["type"],
            object_type=kind,
            object_id=object_id,
            customer_id=customer_of(found),
            created=moment(payload["created"]),
            is_live=payload["livemode"],
            payload=payload,
            **about,
        )

    @property
    def lag(self) -> timedelta | None:
        """From its coming in to what it led to."""
        return self.processed_at - self.received_at if self.processed_at else None


def target_of(found: Mapping[str, Any]) -> tuple[str, str]:
    """Kind and id of what is to be fetched for an event about `found`; "" where there is none."""
    kind = str(found["object"])
    for whole in PART_OF.get(kind, ()):
        if found.get(whole):
            return whole, identity(found[whole])
    return kind, str(found.get("id") or "")


def customer_of(found: Mapping[str, Any]) -> str:
    """The id of the customer that an object names; empty where it names none."""
    return identity(found["id"] if found["object"] == "customer" else found.get("customer"))
