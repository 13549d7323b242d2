"""Invoices that stayed unpaid: what was done about each, and what comes next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Self

from django.db import models
from django.db.models import (
    Case,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Now
from django.db.models.lookups import GreaterThan
from django.utils import timezone

from apps.core.ids import uuid7
from apps.payments import dunning
from apps.payments.catalogue import CURRENCY
from apps.payments.dunning import Dates, Stage, Step
from apps.payments.models.accounts import Account
from apps.payments.models.documents import Invoice


class DunningCaseQuerySet(models.QuerySet["DunningCase"]):
    def open(self) -> Self:
        return self.filter(ended_at__isnull=True)

    def with_steps(self) -> Self:
        return self.select_related("account", "invoice").prefetch_related("steps")

    def with_stage(self) -> Self:
        """With `reached`: `DunningCase.stage`, for the database to count and choose by."""
        done = DunningStep.objects.filter(case=OuterRef("pk"), state__in=DunningStep.BEGUN)
        days = (Value(dunning.GRACE_DAYS) + F("extended_days")) * Value(timedelta(days=1))
        in_grace = ExpressionWrapper(F("began_at") + days, models.DateTimeField())
        return self.annotate(
            reached=Case(
                *(
                    When(Exists(done.filter(key=key)), then=Value(stage.value))
                    for key, stage in dunning.REACHED
                ),
                When(
                    condition=GreaterThan(in_grace, Coalesce("account__simulated_at", Now())),
                    then=Value(Stage.GRACE.value),
                ),
                default=Value(Stage.REMINDED.value),
            )
        )


class DunningCase(models.Model):
    """One invoice that was not paid when it was to be. `amount` is what was owed when it began;
    times are those of the account's clock.
    """

    class Outcome(models.TextChoices):
        RECOVERED = "recovered", "Recovered"
        CREDITED = "credited", "Credited"
        VOIDED = "voided", "Invoice void"
        WRITTEN_OFF = "written_off", "Written off"
        CANCELLED = "cancelled", "Subscription ended"
        STOPPED = "stopped", "Stopped by operators"

    # The invoice is owed all the same, and may be paid one day.
    UNPAID: Final = (Outcome.WRITTEN_OFF, Outcome.CANCELLED, Outcome.STOPPED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="dunning_cases")
    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="dunning_case")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3, default=CURRENCY)
    began_at = models.DateTimeField()
    extended_days = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True, default="")

    objects = DunningCaseQuerySet.as_manager()

    class Meta:
        verbose_name = "dunning case"
        ordering = ["-began_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="")
                | (Q(ended_at__isnull=False) & ~Q(outcome="")),
                name="dunning_case_ends_with_an_outcome",
            )
        ]
        indexes = [
            models.Index(fields=["account", "-began_at"], name="dunning_case_by_account"),
            models.Index(
                fields=["began_at"], condition=Q(ended_at__isnull=True), name="dunning_case_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice} of {self.account}"

    @property
    def is_overdue(self) -> bool:
        """Whether it is about a bill to be paid by transfer: nothing failed, the day is over."""
        return self.invoice.collection == Account.Collection.INVOICE

    @property
    def dates(self) -> Dates:
        return dunning.dates(self.began_at, self.extended_days)

    @property
    def grace_until(self) -> datetime:
        return self.began_at + timedelta(days=dunning.GRACE_DAYS + self.extended_days)

    @property
    def stage(self) -> Stage:
        """How far it has come. Reads `steps`: prefetch them."""
        done = [step.key for step in self.steps.all() if step.is_done]
        return dunning.stage(done, in_grace=self.account.now < self.grace_until)

    @property
    def days(self) -> int:
        """For how long it has gone on, or went on."""
        return ((self.ended_at or self.account.now) - self.began_at).days


class DunningStep(models.Model):
    """A step of `dunning.SCHEDULE` in a case. `detail` says what came of it, or why it was left
    out.
    """

    class State(models.TextChoices):
        PENDING = "pending", "To come"
        ASKED = "asked", "Under way"  # a job is at it
        DONE = "done", "Done"
        SKIPPED = "skipped", "Left out"

    BEGUN: Final = (State.DONE, State.ASKED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(DunningCase, on_delete=models.CASCADE, related_name="steps")
    key = models.CharField(max_length=30)
    place = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    detail = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        verbose_name = "dunning step"
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["case", "key"], name="dunning_step_once_a_case"),
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.case_id}"

    @property
    def is_done(self) -> bool:
        """Done, or being done."""
        return self.state in self.BEGUN

    @property
    def is_open(self) -> bool:
        """To come, or not over yet."""
        return self.state in {self.State.PENDING, self.State.ASKED}

    @property
    def declared(self) -> Step | None:
        """None for a step that this release knows no more."""
        return dunning.STEPS.get(self.key)

    @property
    def title(self) -> str:
        return self.declared.title if self.declared else self.key


class Notice(models.Model):
    """A mail about money, told once for each fact (`key`), however often that is heard of."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=300)
    template = models.CharField(max_length=60)
    told_at = models.DateTimeField()  # by the account's clock
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="notice_once_a_fact"),
        ]

    def __str__(self) -> str:
        return self.key


def steps_of(case: DunningCase) -> list[DunningStep]:
    """A new case's steps, unsaved, as they are declared now."""
    return [
        DunningStep(case=case, key=step.key, place=place, due_at=step.due(case.began_at))
        for place, step in enumerate(dunning.SCHEDULE)
    ]
