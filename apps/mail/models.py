from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from apps.accounts.models import User
from apps.core.encryption import EncryptedTextField
from apps.core.ids import uuid7
from apps.mail.catalogue import MAILS, STREAMS, TRANSACTIONAL, Mail
from apps.mail.sender_models import SenderDomain

__all__ = [
    "Message", "MessageEvent", "OptOut", "SenderDomain", "Suppression", "Wishes",
]  # fmt: skip

KEPT_FOR = timedelta(days=45)


class MessageQuerySet(models.QuerySet["Message"]):
    def old(self) -> Self:
        """Longer ago than the log is kept."""
        return self.filter(created_at__lt=timezone.now() - KEPT_FOR)

    def of_workspace(self, schema_name: str) -> Self:
        return self.filter(schema_name=schema_name)

    def search(self, text: str) -> Self:
        """By a part of the recipient's address or of the subject."""
        return self.filter(Q(to__icontains=text) | Q(subject__icontains=text))

    def due(self) -> Self:
        """Held, until a moment that has come."""
        return self.filter(state=Message.State.HELD, held_until__lte=timezone.now())


class Message(models.Model):
    """One outgoing mail. Its text may hold a secret link, so it is encrypted and goes once sent."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        HELD = "held", "Held"
        FAILED = "failed", "Failed"
        SUPPRESSED = "suppressed", "Suppressed"
        SENT = "sent", "Sent"
        DELIVERED = "delivered", "Delivered"
        OPENED = "opened", "Opened"
        BOUNCED = "bounced", "Bounced"
        COMPLAINED = "complained", "Complained"

    class Hold(models.TextChoices):
        OUTAGE = "outage", "The mail service does not answer"
        QUIET = "quiet", "Quiet hours"
        DIGEST = "digest", "Comes in a digest"

    # What has happened to a mail by now: the later in this order, the more it says. News arrives
    # in any order, so the state is the one that says most, not the one that came last.
    ORDER: Final = tuple(State)
    WAITING: Final = (State.QUEUED, State.HELD, State.FAILED, State.SUPPRESSED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    schema_name = models.CharField("workspace", max_length=63)
    template = models.CharField(max_length=100)
    stream = models.CharField(
        max_length=13, choices=list(STREAMS.items()), default=TRANSACTIONAL,
        db_default=TRANSACTIONAL,
    )  # fmt: skip
    category = models.CharField(max_length=20, blank=True, default="", db_default="")
    language = models.CharField(max_length=10, default="en", db_default="en")
    to = models.EmailField(max_length=254)
    subject = models.CharField(max_length=200)
    text = EncryptedTextField(blank=True)
    html = EncryptedTextField(blank=True)
    context = EncryptedTextField(blank=True, default="", db_default="")
    idempotency_key = models.CharField(  # noqa: DJ001 -- unique, and most have none
        max_length=200, null=True, blank=True
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    problem = models.CharField(max_length=300, blank=True)
    provider = models.CharField(max_length=20, blank=True, default="", db_default="")
    provider_id = models.CharField(max_length=200, blank=True, default="", db_default="")
    sender = models.EmailField("sent from", max_length=320, blank=True, default="", db_default="")
    held_for = models.CharField(
        max_length=10, choices=Hold.choices, blank=True, default="", db_default=""
    )
    held_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="sent") | (Q(sent_at__isnull=False) & Q(text="")),
                name="message_sent_is_emptied",
            ),
            models.UniqueConstraint(fields=["idempotency_key"], name="message_once_per_key"),
        ]
        indexes = [
            models.Index(fields=["to", "-created_at"], name="message_by_recipient"),
            models.Index(fields=["-created_at"], name="message_by_time"),
            models.Index(
                fields=["held_until"], name="message_held", condition=Q(state="held")
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.subject} to {self.to}"

    @property
    def kind(self) -> Mail | None:
        """As it is declared now; None for one that an earlier release sent."""
        return MAILS.get(self.template)

    @property
    def tone(self) -> str:
        """How a page shows the state."""
        if self.state in {self.State.FAILED, self.State.BOUNCED, self.State.COMPLAINED}:
            return "danger"
        if self.state in {self.State.HELD, self.State.SUPPRESSED}:
            return "warning"
        return "" if self.state == self.State.QUEUED else "success"

    @property
    def values(self) -> dict[str, Any]:
        """What it was filled with, without secrets once it has left."""
        found = json.loads(self.context) if self.context else {}
        return self.kind.decode(found) if self.kind else found

    def empty(self) -> None:
        """Forget the text and what is secret in the context."""
        self.text = self.html = ""
        if self.kind and self.context:
            self.context = self.kind.encode(self.kind.without_secrets(self.values))


class MessageEvent(models.Model):
    """Something that happened to a mail, once: an event of the service's own id is kept once."""

    class Kind(models.TextChoices):
        QUEUED = "queued", "Queued"
        HELD = "held", "Held"
        FAILED = "failed", "Failed"
        SUPPRESSED = "suppressed", "Suppressed"
        SENT = "sent", "Sent"
        DEFERRED = "deferred", "Deferred by the other side"
        DELIVERED = "delivered", "Delivered"
        OPENED = "opened", "Opened"
        BOUNCED = "bounced", "Bounced"
        COMPLAINED = "complained", "Complained"
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField(default=timezone.now)
    detail = models.CharField(max_length=300, blank=True)
    provider = models.CharField(max_length=20, blank=True)
    event_id = models.CharField(max_length=200, null=True, blank=True, unique=True)
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "recorded_at"]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M:%S}"


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def of_workspace(self, schema_name: str) -> Self:
        return self.filter(schema_name=schema_name)

    def in_force(self) -> Self:
        return self.filter(lifted_at=None)


class Suppression(models.Model):
    """An address that gets no more mail of one stream of one workspace, until it is lifted."""

    class Reason(models.TextChoices):
        BOUNCE = "bounce", "The address does not exist"
        COMPLAINT = "complaint", "Marked as spam"
        UNSUBSCRIBE = "unsubscribe", "Unsubscribed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    schema_name = models.CharField("workspace", max_length=63)
    stream = models.CharField(max_length=13, choices=list(STREAMS.items()))
    address = models.EmailField(max_length=254)
    reason = models.CharField(max_length=12, choices=Reason.choices)
    detail = models.CharField(max_length=300, blank=True)
    message = models.ForeignKey(
        Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="suppressions"
    )
    created_at = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.CharField(max_length=254, blank=True)
    lifted_why = models.CharField(max_length=300, blank=True)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["schema_name", "stream", "address"],
                condition=Q(lifted_at__isnull=True),
                name="suppression_in_force_once",
            ),
            models.CheckConstraint(
                condition=Q(address=Lower("address")), name="suppression_address_lower"
            ),
        ]
        indexes = [models.Index(fields=["address"], name="suppression_by_address")]

    def __str__(self) -> str:
        return f"{self.address} ({self.schema_name}, {self.get_stream_display().lower()})"

    @property
    def is_of_address(self) -> bool:
        """The address did not take mail; otherwise its reader did not want it."""
        return self.reason == self.Reason.BOUNCE


class OptOut(models.Model):
    """A kind of mail that an address does not want."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    address = models.EmailField(max_length=254)
    category = models.CharField(max_length=20)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address", "category"], name="opt_out_once"),
            models.CheckConstraint(
                condition=Q(address=Lower("address")), name="opt_out_address_lower"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address}: no {self.category}"


class Wishes(models.Model):
    """How a person wants their mail: in which language, and when what is not urgent comes."""

    class Digest(models.TextChoices):
        NO = "", "One by one, as it happens"
        DAILY = "daily", "Once a day, in one mail"
        WEEKLY = "weekly", "On Mondays, in one mail"

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="mail_wishes")
    language = models.CharField(max_length=10, blank=True)
    digest = models.CharField(max_length=10, choices=Digest.choices, blank=True)
    time_zone = models.CharField(max_length=60, default="UTC")
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="wishes_quiet_has_both_ends",
            )
        ]

    def __str__(self) -> str:
        return f"Wishes of {self.user}"
