"""Everything that happened to one customer, in one row of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from django.db.models import Q
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.mail.models import Message
from apps.payments import dunning
from apps.payments.models import Account, CustomerCredit, MoneyRequest, Payment, StripeEvent
from apps.payments.money import text

EACH: Final = 200  # the newest of each kind
ALL: Final = "all"
MONEY_DEEDS: Final = ("plan.", "refund.", "credit.", "invoice.", "dispute.", "billing.",
                      "subscription.", "dunning.", "payment.")  # fmt: skip


@dataclass(frozen=True)
class Happening:
    """`kind` is a key of `KINDS`; `url` leads to the row in the console, where it has one."""

    at: datetime
    kind: str
    title: str
    detail: str = ""
    url: str = ""
    is_bad: bool = False


def _page(name: str, row: Any) -> str:
    """The console's page of a row of this app."""
    return reverse(f"admin:payments_{name}_change", args=[row.pk])


Source = Callable[[Account], Iterator[Happening]]


def of(account: Account, kind: str = "") -> list[Happening]:
    """The newest first, of one moment the last in `KINDS`, which are in the order in which one
    leads to the other; `kind` narrows it to one of `KINDS`, or is `ALL`; what Stripe said word by
    word is left out unless it is asked for so. Its queries do not grow with it.
    """
    wanted = [kind] if kind in KINDS else [one for one in KINDS if kind == ALL or one != "event"]
    sources = [KINDS[one][1] for one in wanted]
    found = [one for source in sources for one in source(account)]
    return sorted(found, key=attrgetter("at"))[::-1]


def _subscriptions(account: Account) -> Iterator[Happening]:
    for row in account.subscriptions.defer("data").order_by("-created_at")[:EACH]:
        name = f"{row.plan.capitalize()}, {row.get_interval_display().lower()}"
        yield Happening(row.created_at, "subscription", "A subscription began", row.id)
        if row.trial_end:
            yield Happening(row.trial_end, "subscription", f"{name}: the trial's end", row.id)
        if row.canceled_at:
            why = ": ".join(filter(None, (row.cancel_feedback, row.cancel_comment)))
            why = why or row.cancel_reason.replace("_", " ")
            yield Happening(row.canceled_at, "subscription", f"{name} was cancelled", why)
        if row.ended_at:
            yield Happening(row.ended_at, "subscription", f"{name} ended", is_bad=True)


def _worth(account: Account) -> Iterator[Happening]:
    from apps.payments.models import SubscriptionChange

    for row in SubscriptionChange.objects.filter(account=account).order_by("-at")[:EACH]:
        title = f"Worth {text(row.monthly, account.currency)} a month from now on"
        yield Happening(row.at, "worth", title, row.text)


def _invoices(account: Account) -> Iterator[Happening]:
    for row in account.invoices.final().defer("data")[:EACH]:
        url, amount = _page("invoice", row), text(row.total, row.currency)
        for at, title, bad in (
            (row.finalized_at, f"Invoice {row} over {amount}", False),
            (row.paid_at, f"Invoice {row} is paid", False),
            (row.voided_at, f"Invoice {row} is void", False),
            (row.uncollectible_at, f"Invoice {row} is written off", True),
        ):
            if at:
                yield Happening(at, "invoice", title, url=url, is_bad=bad)
    for note in account.credit_notes.defer("data")[:EACH]:
        title = f"Credit note {note} over {text(note.total, note.currency)}"
        yield Happening(note.created_at, "invoice", title, note.memo)


def _payments(account: Account) -> Iterator[Happening]:
    for row in account.payments.select_related("invoice").defer("data", "invoice__data")[:EACH]:
        words = {"succeeded": "paid", "pending": "is being paid"}.get(row.status, "failed")
        title = f"{text(row.amount, row.currency)} {words} with {row.method or row.method_type}"
        detail = ". ".join(filter(None, (row.failure.rstrip("."), row.failure_code)))
        yield Happening(
            row.created_at, "payment", title, detail or str(row.invoice or ""),
            _page("payment", row),
            is_bad=row.status == Payment.Status.FAILED,
        )  # fmt: skip


def _moved(account: Account) -> Iterator[Happening]:
    """Refunds and credits."""
    rows: tuple[tuple[str, Any], ...] = (
        ("refund", account.refunds.all()), ("customercredit", account.customercredits.all()),
    )  # fmt: skip
    for name, found in rows:
        for row in found[:EACH]:
            title = "Refund of" if name == "refund" else _name_of_credit(row)
            state = row.get_state_display().lower()
            yield Happening(
                row.done_at or row.asked_at, "money",
                f"{title} {text(abs(row.amount), row.currency)}: {state}",
                f"{row.asked_by_label}: {row.note} {row.problem}".strip(),
                _page(name, row),
                is_bad=row.state == MoneyRequest.State.FAILED,
            )  # fmt: skip


def _name_of_credit(row: CustomerCredit) -> str:
    """What an invoice takes of a customer's credit, or leaves to it, is no deed of anybody's."""
    if row.kind == "applied_to_invoice":
        return "Used credit of" if row.amount < 0 else "Kept credit of"
    return "Debit of" if row.amount < 0 else "Credit of"


def _disputes(account: Account) -> Iterator[Happening]:
    for row in account.disputes.defer("data")[:EACH]:
        title = f"{text(row.amount, row.currency)} disputed: {row.get_status_display().lower()}"
        url = _page("dispute", row)
        yield Happening(row.created_at, "dispute", title, row.reason_text, url, is_bad=True)


def _dunning(account: Account) -> Iterator[Happening]:
    for case in account.dunning_cases.with_steps().defer("invoice__data")[:EACH]:
        amount = text(case.amount, case.currency)
        yield Happening(case.began_at, "dunning", f"{amount} of {case.invoice} are unpaid",
                        is_bad=True)  # fmt: skip
        for step in case.steps.all():
            if step.done_at:
                title = f"{dunning.STEPS[step.key].title}: {step.get_state_display().lower()}"
                yield Happening(step.done_at, "dunning", title, step.detail)
        if case.ended_at:
            title = f"{case.invoice}: {case.get_outcome_display().lower()}"
            yield Happening(case.ended_at, "dunning", title)


def _events(account: Account) -> Iterator[Happening]:
    """What Stripe said, as it came."""
    known = [account.customer_id, *account.former_customers.values_list("pk", flat=True)]
    if customers := [ident for ident in known if ident]:
        rows = StripeEvent.objects.filter(customer_id__in=customers).defer("payload")
        for row in rows.order_by("-received_at")[:EACH]:
            bad, url = row.state == StripeEvent.State.FAILED, _page("stripeevent", row)
            yield Happening(row.created, "event", row.type, row.object_id, url, is_bad=bad)


def _mails(account: Account) -> Iterator[Happening]:
    """About payments, to the address for invoices or to owners."""
    to = {account.billing_email}
    if account.tenant is not None:
        owners = account.tenant.memberships.owners()
        to |= set(owners.values_list("user__email", flat=True))
    rows = Message.objects.filter(to__in=to - {""}, category__in=("billing", "news"))
    shown = rows.only("created_at", "subject", "to", "state").order_by("-created_at")
    for row in shown[:EACH]:
        url = reverse("admin:mail_message_change", args=[row.pk])
        detail = f"to {row.to}, {row.get_state_display().lower()}"
        yield Happening(row.created_at, "mail", row.subject, detail, url)


def _deeds(account: Account) -> Iterator[Happening]:
    wanted = Q()
    for prefix in MONEY_DEEDS:
        wanted |= Q(action__startswith=prefix)
    rows = AuditEntry.objects.filter(wanted, schema_name=account.schema_name)
    for row in rows.order_by("-at")[:EACH]:
        said = row.data.get("reason") or row.data.get("note") or ""
        detail = f"by {row.actor_label}{f': {said}' if said else ''}"
        url = reverse("admin:audit_auditentry_change", args=[row.pk])
        yield Happening(row.at, "deed", f"{row.action} {row.object_label}".strip(), detail, url)


# In the order of the page's filter; other modules of the app add theirs.
KINDS: Final[dict[str, tuple[str, Source]]] = {
    "subscription": ("Subscriptions", _subscriptions),
    "worth": ("Revenue", _worth),
    "invoice": ("Invoices", _invoices),
    "payment": ("Payments", _payments),
    "money": ("Refunds and credits", _moved),
    "dispute": ("Disputes", _disputes),
    "dunning": ("Dunning", _dunning),
    "mail": ("Mails", _mails),
    "deed": ("Deeds", _deeds),
    "event": ("Stripe's events", _events),
}
