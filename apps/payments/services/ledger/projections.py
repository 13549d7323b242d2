"""Stripe's objects as fetched, into the ledger: one function for each kind (`services.objects`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from apps.payments.ledger import credit_notes, invoices, money, recognition
from apps.payments.ledger.movements import Data, Movement
from apps.payments.models import Account, CreditNote, Invoice
from apps.payments.services.ledger import posting, schedules
from apps.payments.services.ledger.posting import source_of
from apps.payments.services.ledger.schedules import Term
from apps.payments.stripe_values import identity, moment


def invoice(data: Data, account: Account | None) -> None:
    """With its credit notes, which are posted along the invoice's lines."""
    if account is None or data.get("deleted"):
        return
    source = source_of(data, account)
    posting.post(source, invoices.movements_of(data))
    transitions = data["status_transitions"]
    finalized_at = moment(transitions["finalized_at"])
    if finalized_at is None:
        return
    voided_at = moment(transitions["voided_at"]) if data["status"] == "void" else None
    schedules.keep(source, recognition.of_invoice(data), Term(finalized_at, voided_at))
    for note in CreditNote.objects.filter(account=account, invoice_id=data["id"]):
        _credit_note(note.data, data, account)


def credit_note(data: Data, account: Account | None) -> None:
    """Waits for its invoice where that was not stored yet."""
    row = Invoice.objects.filter(pk=identity(data["invoice"]), account=account).first()
    if account is not None and row is not None:
        _credit_note(data, row.data, account)


def _credit_note(note: Data, invoice_data: Data, account: Account) -> None:
    source = source_of(note, account)
    posting.post(source, credit_notes.movements_of(note, invoice_data))
    created_at = moment(note["created"])
    assert created_at is not None  # noqa: S101 -- for the type checker
    ended_at = moment(credit_notes.voided_at(note, invoice_data))
    found = recognition.of_credit_note(note, invoice_data)
    schedules.keep(source, found, Term(created_at, ended_at))


def subscription(data: Data, account: Account | None) -> None:
    if account is not None:
        schedules.release(str(data["id"]), moment(data["ended_at"]))


def _projection(movements_of: Callable[[Data], list[Movement]]) -> Any:
    def project(data: Mapping[str, Any], account: Account | None) -> None:
        posting.post(source_of(data, account), movements_of(data))

    project.__name__ = movements_of.__name__
    return project


charge = _projection(money.charge_movements)
refund = _projection(money.refund_movements)
dispute = _projection(money.dispute_movements)
payout = _projection(money.payout_movements)
customer_balance_transaction = _projection(money.customer_balance_movements)
customer_cash_balance_transaction = _projection(money.cash_movements)
balance_transaction = _projection(money.other_movements)
