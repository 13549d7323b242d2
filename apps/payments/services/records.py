"""From Stripe's objects to this app's rows. Where fields lie: https://docs.stripe.com/api."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django.db.models import Manager, Model
from django.dispatch import Signal

from apps.payments import signals, taxes
from apps.payments.models import Account, CreditNote, Invoice, Subscription
from apps.payments.services import departures, terms
from apps.payments.stripe_values import identity, moment

Object = Mapping[str, Any]
Row = TypeVar("Row", bound=Model)


def customer(data: Object, account: Account | None) -> None:
    if account is None or data["id"] != account.customer_id:
        return
    if data.get("deleted"):
        departures.detach(account)
        return
    account.balance = data["balance"]
    account.clock_id = identity(data.get("test_clock"))
    settings = data.get("invoice_settings") or {}
    account.method = method_text(settings.get("default_payment_method"))
    account.vat_state = vat_state((data.get("tax_ids") or {}).get("data") or (), account)
    account.save(update_fields=["balance", "clock_id", "method", "vat_state"])


def subscription(data: Object, account: Account | None) -> None:
    if account is None:
        return
    found = terms.of(data)
    pause = data.get("pause_collection") or {}
    details = data.get("cancellation_details") or {}
    items = data["items"]["data"]
    row = _keep(Subscription, data, signals.subscription_stored, {
        "account": account,
        "status": data["status"],
        "plan": found.plan,
        "interval": found.interval,
        "seats": found.seats,
        "amount": found.amount,
        "currency": data["currency"],
        "collection": data["collection_method"],
        "created_at": moment(data["created"]),
        "period_start": moment(max(one["current_period_start"] for one in items)),
        "period_end": moment(min(one["current_period_end"] for one in items)),
        "trial_start": moment(data["trial_start"]),
        "trial_end": moment(data["trial_end"]),
        "cancel_at_period_end": data["cancel_at_period_end"],
        "cancel_at": moment(data["cancel_at"]),
        "canceled_at": moment(data["canceled_at"]),
        "ended_at": moment(data["ended_at"]),
        "is_paused": bool(pause),
        "resumes_at": moment(pause.get("resumes_at")),
        "latest_invoice_id": identity(data["latest_invoice"]),
        "schedule_id": identity(data["schedule"]),
        "method": method_text(data.get("default_payment_method")),
        "cancel_reason": details.get("reason") or "",
        "cancel_feedback": details.get("feedback") or "",
        "cancel_comment": details.get("comment") or "",
    })  # fmt: skip
    changed: dict[str, Any] = {"collection": row.collection}
    if row.trial_start and account.trial_used_at is None:
        changed["trial_used_at"] = row.trial_start
    if row.ended_at is None:
        Account.objects.filter(pk=account.pk).update(**changed)


def invoice(data: Object, account: Account | None) -> None:
    if account is None:
        return
    if data.get("deleted"):
        # Drafts alone can be deleted: https://docs.stripe.com/api/invoices/delete. A row that is
        # final stays, whatever Stripe says by now.
        drafts = Invoice.objects.filter(account=account, status=Invoice.Status.DRAFT)
        drafts.filter(pk=data["id"]).delete()
        return
    parent = (data.get("parent") or {}).get("subscription_details") or {}
    done = data["status_transitions"]
    _keep(Invoice, data, signals.invoice_stored, {
        "account": account,
        "subscription_id": identity(parent.get("subscription")),
        "number": (data["number"] or "") if data["status"] != "draft" else "",
        "status": data["status"],
        "currency": data["currency"],
        "subtotal": data["subtotal"],
        "tax": sum(one["amount"] for one in data["total_taxes"] or ()),
        "total": data["total"],
        "amount_due": data["amount_due"],
        "amount_paid": data["amount_paid"],
        "amount_remaining": data["amount_remaining"],
        "attempt_count": data["attempt_count"],
        "attempted": data["attempted"],
        "next_attempt_at": moment(data["next_payment_attempt"]),
        "billing_reason": data["billing_reason"] or "",
        "collection": data["collection_method"],
        "created_at": moment(data["created"]),
        "due_at": moment(data["due_date"]),
        "finalized_at": moment(done["finalized_at"]),
        "paid_at": moment(done["paid_at"]),
        "voided_at": moment(done["voided_at"]),
        "uncollectible_at": moment(done["marked_uncollectible_at"]),
        "period_start": moment(data["period_start"]),
        "period_end": moment(data["period_end"]),
        "hosted_url": data["hosted_invoice_url"] or "",
    })  # fmt: skip


def credit_note(data: Object, account: Account | None) -> None:
    if account is None:
        return
    _keep(CreditNote, data, signals.credit_note_stored, {
        "account": account,
        "invoice_id": identity(data["invoice"]),
        "number": data["number"],
        "status": data["status"],
        "type": data["type"],
        "reason": data["reason"] or "",
        "memo": data["memo"] or "",
        "currency": data["currency"],
        "subtotal": data["subtotal"],
        "tax": sum(one["amount"] for one in data["total_taxes"] or ()),
        "total": data["total"],
        "created_at": moment(data["created"]),
        "voided_at": moment(data["voided_at"]),
    })  # fmt: skip


def vat_state(held: Iterable[Object], account: Account) -> str:
    """What the tax office says of the account's number; "" where Stripe does not hold it. `held`:
    https://docs.stripe.com/api/tax_ids.
    """
    for one in held:
        if taxes.normalised(one["value"]) == account.vat_id:
            return str((one["verification"] or {}).get("status") or "")
    return ""


def method_text(method: Any) -> str:
    """`Visa 4242`, `SEPA 3000`; empty for none, or one that was not fetched along."""
    if not isinstance(method, Mapping):
        return ""
    kind = method["type"]
    about = method.get(kind) or {}
    name = about.get("brand") or kind.removesuffix("_debit").replace("_", " ")
    name = name.upper() if kind == "sepa_debit" else name.capitalize()
    return f"{name} {about.get('last4', '')}".strip()


def _keep(model: type[Row], data: Object, signal: Signal, values: dict[str, Any]) -> Row:
    """Write the row where it says something new, and tell what it said before."""
    rows: Manager[Row] = model._default_manager  # noqa: SLF001
    row = rows.filter(pk=data["id"]).first()
    before = None if row is None else {name: getattr(row, name) for name in values}
    values = {**values, "data": dict(data)}
    if row is None:
        row = rows.create(pk=data["id"], **values)
    elif all(getattr(row, name) == value for name, value in values.items()):
        return row
    else:
        for name, value in values.items():
            setattr(row, name, value)
        row.save()
    signal.send(
        sender=model, before=before, **{str(model._meta.verbose_name).replace(" ", "_"): row}
    )
    return row
