"""Unpaid invoices, led along the declared schedule (`apps.payments.dunning`).

    advance(account=account)

opens a case for each invoice that was to be paid and was not, does what is due, and ends what is
settled. It follows from the stored rows and the account's clock alone, so it may be called at any
time, by several at once and again after a crash: each step is done once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Q
from django_tenants.utils import schema_context

from apps.payments import dunning
from apps.payments.dunning import Deed
from apps.payments.models import Account, DunningCase, DunningStep, Invoice, Subscription
from apps.payments.models.dunning import steps_of
from apps.payments.services import dunning_holds, dunning_mails, dunning_steps, intents

Outcome, State = DunningCase.Outcome, DunningStep.State
# Whoever first hears of a failure after this long counts the days from now: nobody is suspended
# without having been told.
FRESH: Final = timedelta(days=1)
# The customer is at the checkout and sees what is wrong, or it is over.
NOT_CHASED: Final = (
    Subscription.Status.INCOMPLETE,
    Subscription.Status.INCOMPLETE_EXPIRED,
    Subscription.Status.CANCELED,
)
CLOSED: Final = {
    Invoice.Status.VOID: Outcome.VOIDED,
    Invoice.Status.UNCOLLECTIBLE: Outcome.WRITTEN_OFF,
}
log = structlog.get_logger(__name__)


def advance(*, account: Account) -> int:
    """Do all that is due for the account now; returns how many steps were dealt with."""
    with schema_context("public"), transaction.atomic():
        account = Account.objects.lock(account.pk)
        for invoice in _unpaid(account):
            _open(account, invoice)
        cases = list(account.dunning_cases.with_steps().order_by("began_at", "id"))
        for case in cases:
            case.account = account
            _end(case)
        running = [case for case in cases if case.ended_at is None]
        done = sum(_carry_on(case, is_first=case is running[0]) for case in running)
        dunning_holds.follow(account, running)
    return done


def _unpaid(account: Account) -> list[Invoice]:
    """Those that were to be paid by now, were not, and have no case yet."""
    overdue = Q(collection=Account.Collection.INVOICE, due_at__lt=account.now)
    refused = Q(collection=Account.Collection.CHARGE, attempted=True, attempt_count__gt=0)
    rows = account.invoices.owed().filter(overdue | refused, dunning_case__isnull=True)
    return [invoice for invoice in rows.order_by("created_at", "id") if _is_chased(invoice)]


def _is_chased(invoice: Invoice) -> bool:
    if intents.is_under_way(invoice):
        return False
    if not invoice.subscription_id:
        return True
    subscription = Subscription.objects.filter(pk=invoice.subscription_id).first()
    # One that is not stored yet will be: then there is another look.
    return subscription is not None and subscription.status not in NOT_CHASED


def _open(account: Account, invoice: Invoice) -> DunningCase:
    case = DunningCase.objects.create(
        account=account, invoice=invoice, amount=invoice.amount_remaining,
        currency=invoice.currency, began_at=_beginning(account, invoice),
    )  # fmt: skip
    DunningStep.objects.bulk_create(steps_of(case))
    return case


def _beginning(account: Account, invoice: Invoice) -> datetime:
    """When the first payment failed, which is tried when the invoice is final."""
    overdue = invoice.collection == Account.Collection.INVOICE
    began = invoice.due_at if overdue else invoice.finalized_at
    began = began or invoice.created_at
    return began if timedelta() <= account.now - began <= FRESH else account.now


def _end(case: DunningCase) -> None:
    """Where its invoice is settled, or its subscription is over."""
    found = _outcome(case)
    is_late = case.outcome in DunningCase.UNPAID and found == Outcome.RECOVERED
    if found is None or (case.ended_at is not None and not is_late):
        return
    end(case, found, at=case.invoice.paid_at if found == Outcome.RECOVERED else None)
    if found == Outcome.RECOVERED and not is_late:
        dunning_mails.tell(case, "mail/payment_recovered")
    if found == Outcome.CANCELLED and _was_not_their_wish(case):
        dunning_mails.tell(case, "mail/payment_ended")


def end(case: DunningCase, outcome: str, *, at: datetime | None = None) -> None:
    """Close it in the caller's transaction; what was to come is left out."""
    case.outcome, case.ended_at = outcome, at or case.account.now
    case.save(update_fields=["outcome", "ended_at"])
    why = f"The case ended before: {case.get_outcome_display().lower()}"
    for step in case.steps.all():
        if step.state == State.ASKED and (step.key == "end") == (outcome in DunningCase.UNPAID):
            dunning_steps.finish(step, "")  # it has brought this about
        elif step.is_open:
            dunning_steps.leave_out(step, why)


def _outcome(case: DunningCase) -> str | None:
    invoice = case.invoice
    if invoice.status == Invoice.Status.PAID:
        paid = invoice.amount_paid or invoice.data.get("amount_paid_off_stripe")
        return Outcome.RECOVERED if paid else Outcome.CREDITED
    subscription = Subscription.objects.filter(pk=invoice.subscription_id or "-").first()
    if subscription is not None and subscription.ended_at is not None:
        return Outcome.CANCELLED
    if invoice.status in CLOSED:
        return CLOSED[Invoice.Status(invoice.status)]
    return None if invoice.is_owed else Outcome.CREDITED


def _was_not_their_wish(case: DunningCase) -> bool:
    """Whether the subscription ended for want of a payment, by us or by Stripe."""
    subscription = Subscription.objects.filter(pk=case.invoice.subscription_id or "-").first()
    by_stripe = subscription is not None and subscription.cancel_reason == "payment_failed"
    return by_stripe or any(step.key == "end" and step.is_done for step in case.steps.all())


def _carry_on(case: DunningCase, *, is_first: bool) -> int:
    """What is due, in order. Of several mails or tries that are late, only the last is made up
    for; and a customer with two unpaid invoices is reminded of the older one. What a job was asked
    for and did not do is asked for again.
    """
    now = case.account.now
    due = [step for step in case.steps.all() if step.is_open and step.due_at <= now]
    for place, step in enumerate(due):
        declared = step.declared
        later = [one.declared.deed for one in due[place + 1 :] if one.declared]
        if declared is None:
            dunning_steps.leave_out(step, "This step is no part of the schedule any more")
        elif declared.deed in {Deed.TELL, Deed.RETRY} and declared.deed in later:
            dunning_steps.leave_out(step, "Made up for by a later one")
        elif declared.deed == Deed.TELL and not is_first:
            dunning_steps.leave_out(step, "Told of together with an older invoice")
        elif step.state == State.ASKED:
            dunning_steps.ask(step)
        else:
            dunning_steps.carry_out(case, step, declared)
    return len(due)


def reschedule(case: DunningCase, days: int) -> None:
    """Put all that is to come `days` later, and a hold or a job that would come only then, too."""
    case.extended_days += days
    case.save(update_fields=["extended_days"])
    for step in case.steps.all():
        declared = step.declared
        if declared is None:
            continue
        due_at = declared.due(case.began_at, case.extended_days)
        is_hold = declared.deed in dunning.HOLDS and step.state == State.DONE
        if step.state == State.PENDING or (
            due_at > case.account.now and (is_hold or step.state == State.ASKED)
        ):
            step.state, step.due_at, step.done_at, step.detail = State.PENDING, due_at, None, ""
            step.save()
