"""What happens in the fourteen months, act by act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from apps.payments import stripe_api
from apps.payments.catalogue import Chosen
from apps.payments.rehearsal.stage import Stage
from apps.payments.services import (
    approvals,
    beginnings,
    billing_details,
    cancellations,
    changes,
    pauses,
    previews,
    refunds,
)
from apps.tenants.access import Operator

WORKS, FAILS_LATER = "pm_card_visa", "pm_card_chargeCustomerFail"
ASKED_BACK: Final = 250_00


@dataclass(frozen=True)
class Act:
    """On `day` of the customer's life, `deed` is done; None where something happens by itself."""

    day: int
    title: str
    deed: Callable[[Stage], None] | None = None


def _try(stage: Stage) -> None:
    beginnings.start_trial(
        account=stage.account, chosen=Chosen("school", "month", 0), by=stage.owner
    )


def _leave_card(stage: Stage) -> None:
    billing_details.update(
        account=stage.account, by=stage.owner, legal_name="Rehearsal School gGmbH",
        billing_email=stage.owner.email, line1="Lindenstraße 1", postal_code="10969",
        city="Berlin", country="DE",
    )  # fmt: skip
    stage.use_method(WORKS)


def _more_seats(stage: Stage) -> None:
    _change(stage, Chosen("school", "month", 12))


def _district(stage: Stage) -> None:
    _change(stage, Chosen("district", "month", 0))


def _change(stage: Stage, chosen: Chosen) -> None:
    shown = previews.preview(account=stage.account, chosen=chosen, by=stage.owner)
    changes.apply(
        account=stage.account, chosen=chosen, by=stage.owner,
        proration_date=shown.proration_date, total_now=shown.total_now,
    )  # fmt: skip


def _card_breaks(stage: Stage) -> None:
    stage.use_method(FAILS_LATER)


def _new_card(stage: Stage) -> None:
    stage.use_method(WORKS)
    invoice = stage.account.invoices.owed().first()
    if invoice is not None:
        stripe_api.call(lambda api: api.invoices.pay(invoice.pk))


def _pause(stage: Stage) -> None:
    pauses.pause(account=stage.account, months=2, by=stage.owner)


def _give_back(stage: Stage) -> None:
    """More than one operator may give back alone: the second approves."""
    first, second = (Operator(user) for user in stage.operators)
    payment = stage.account.payments.filter(status="succeeded").latest("created_at")
    asked = refunds.request(
        payment=payment, amount=ASKED_BACK, reason="product_unsatisfactory",
        note="Half of the classes could not take part.", by=first,
    )  # fmt: skip
    approvals.approve(request=asked, by=second)
    refunds.carry_out(refund_id=str(asked.pk))


def _cancel(stage: Stage) -> None:
    cancellations.cancel(
        account=stage.account, feedback="too_expensive", comment="The budget was cut.",
        by=stage.owner,
    )  # fmt: skip


ACTS: Final = (
    Act(0, "Signs up and tries the School plan, without a card", _try),
    Act(27, "Leaves a card and an address", _leave_card),
    Act(31, "The trial is over: first payment"),
    Act(45, "Twelve seats more, charged for the rest of the period", _more_seats),
    Act(62, "Renewed"),
    Act(95, "The card is blocked; nobody notices yet", _card_breaks),
    Act(124, "The renewal is refused: first notice, grace"),
    Act(130, "Reminders, and tries in between"),
    Act(135, "Read-only since day ten"),
    Act(138, "Suspended since day fourteen"),
    Act(139, "A new card pays: everything is open again", _new_card),
    Act(160, "Pauses for two months of summer", _pause),
    Act(200, "Holidays: nothing is charged"),
    Act(250, "School again: charged again"),
    Act(265, "Moves up to District; the rest of School is credited", _district),
    Act(290, "Gets part of a payment back; a second operator approves", _give_back),
    Act(320, "Renewed"),
    Act(350, "Renewed"),
    Act(385, "Cancels, for the end of the period, and says why", _cancel),
    Act(426, "Over: back on the Free plan, nothing owed"),
)
