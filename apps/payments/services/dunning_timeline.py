"""A case as people read it: what happened, and what comes unless it is paid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from apps.audit.models import AuditEntry
from apps.payments.dunning import Deed
from apps.payments.models import Account, DunningCase, DunningStep
from apps.payments.money import text
from apps.payments.services import collection
from apps.tenants.models import Tenant

State = DunningStep.State
DEEDS = {
    "dunning.extended": "More time given",
    "dunning.stopped": "Stopped by operators",
    "dunning.written_off": "Written off",
    "invoice.written_off": "Written off",
    "invoice.voided": "Made void",
    "invoice.paid_outside": "A transfer was noted",
    "dunning.retried": "Payment tried by operators",
}


@dataclass(frozen=True)
class Entry:
    """`state` is one of `cotton/steps.html`: succeeded, running, skipped, pending. `failed`: it
    happened, and was no good news.
    """

    at: datetime
    title: str
    state: str
    detail: str = ""
    failed: bool = False


def mine(tenant: Tenant) -> QuerySet[DunningCase]:
    """The workspace's cases, newest first, with all that `entries` and `advice` read."""
    return DunningCase.objects.with_steps().filter(account__tenant=tenant)


def advice(case: DunningCase) -> str:
    """What whoever pays does about it; nothing once it has ended."""
    if case.ended_at is not None:
        return ""
    if case.is_overdue:
        owed = text(case.invoice.amount_remaining, case.invoice.currency)
        return (
            f"Transfer {owed} with the invoice's number, or pay it online. As soon as it arrives "
            "everything is as before."
        )
    return (
        "Pay with another card or account, or have your bank allow the payment. As soon as it "
        "goes through everything is as before; nothing is deleted meanwhile."
    )


def of(account: Account, *, ended: int = 10) -> list[DunningCase]:
    """The account's cases with their steps: all open ones, and the last that ended."""
    rows = account.dunning_cases.with_steps()
    return [*rows.open(), *rows.filter(ended_at__isnull=False)[:ended]]


def entries(case: DunningCase, *, deeds: Iterable[AuditEntry] | None = None) -> list[Entry]:
    """By time. What was left out, and why something did not come off yet, is shown to operators
    only, who pass what they did (`deeds`).
    """
    found = [_beginning(case)]
    found += [
        _entry(step, is_told_why=deeds is not None)
        for step in case.steps.all()
        if _is_shown(case, step) or (step.state == State.SKIPPED and deeds is not None)
    ]
    found += [_deed(entry) for entry in deeds or ()]
    if case.ended_at is not None:
        found.append(Entry(case.ended_at, case.get_outcome_display(), "succeeded"))
    elif case.invoice.next_attempt_at is not None:
        found.append(Entry(case.invoice.next_attempt_at, "Payment tried again", "pending"))
    return sorted(found, key=lambda entry: (entry.state == "pending", entry.at))


def deeds_of(case: DunningCase) -> list[AuditEntry]:
    """What operators did to it and to its invoice, by time."""
    mine = Q(object_type="payments.dunningcase", object_id=str(case.pk))
    invoices = Q(object_type="payments.invoice", object_id=case.invoice_id, action__in=DEEDS)
    rows = AuditEntry.objects.filter(mine | invoices, schema_name=case.account.schema_name)
    return list(rows.order_by("at"))


def _beginning(case: DunningCase) -> Entry:
    title = "The invoice was due" if case.is_overdue else "The payment failed"
    return Entry(case.began_at, title, "succeeded", f"Invoice {case.invoice.number}", failed=True)


def _is_shown(case: DunningCase, step: DunningStep) -> bool:
    deed = step.declared.deed if step.declared else None
    if step.state == State.SKIPPED or (deed == Deed.END and case.ended_at is not None):
        return False  # how it ended says it
    is_try = deed == Deed.RETRY
    waits = step.state == State.PENDING and is_try
    # A try that will only be made where Stripe makes none is no promise.
    return not waits or (not case.is_overdue and case.invoice.next_attempt_at is None)


def _entry(step: DunningStep, *, is_told_why: bool) -> Entry:
    declared = step.declared
    state = {State.DONE: "succeeded", State.ASKED: "running", State.SKIPPED: "skipped"}
    detail = step.detail if is_told_why or step.state != State.ASKED else ""
    if not detail and declared is not None and step.state == State.PENDING:
        detail = declared.text
    is_try = declared is not None and declared.deed == Deed.RETRY
    return Entry(
        step.done_at or step.due_at, step.title, state.get(State(step.state), "pending"), detail,
        failed=is_try and step.state == State.DONE and step.detail != collection.WENT_THROUGH,
    )  # fmt: skip


def _deed(entry: AuditEntry) -> Entry:
    return Entry(entry.at, DEEDS.get(entry.action, entry.action), "succeeded", _said(entry))


def _said(entry: AuditEntry) -> str:
    days = entry.data.get("days")
    words = [f"{days} days" if days else "", entry.data.get("reason") or "", entry.actor_label]
    return ", ".join(filter(None, words))
