"""Credit notes: https://docs.stripe.com/api/credit_notes/object."""

from __future__ import annotations

from apps.payments.ledger.invoices import net_of, taxes_of
from apps.payments.ledger.movements import Data, Movement, balanced, movement
from apps.payments.stripe_values import moment


def movements_of(note: Data, invoice: Data) -> list[Movement]:
    """What it took back, and by which ways; taken back itself where it or its invoice is void."""
    issued = _issued(note)
    ended_at = voided_at(note, invoice)
    if ended_at is None:
        return [issued]
    memo = f"{name_of(note)} is void"
    return [issued, balanced("voided", memo, moment(ended_at), issued.reversed)]


def name_of(note: Data) -> str:
    return f"Credit note {note.get('number') or note['id']}"


def voided_at(note: Data, invoice: Data) -> int | None:
    """Unix time; a void invoice takes its credit notes along."""
    if note["status"] == "void":
        return int(note.get("voided_at") or note["created"])
    if invoice["status"] == "void":
        at = invoice["status_transitions"]["voided_at"]
        return int(at or note["created"])
    return None


def _issued(note: Data) -> Movement:
    lessened = note["pre_payment_amount"]
    refunded = sum(one["amount_refunded"] for one in note.get("refunds") or [])
    elsewhere = note.get("out_of_band_amount") or 0
    rest = note["total"] - lessened - refunded - elsewhere
    rest_goes_to = "customer_credit" if note.get("customer_balance_transaction") else "refunds"
    return movement(
        "issued",
        name_of(note),
        note["created"],
        [
            ("receivable", -lessened),
            ("refunds", -refunded),
            ("off_stripe", -elsewhere),
            (rest_goes_to, -rest),
            ("deferred_revenue", net_of(note)),
            *[(code, -amount, rate) for code, amount, rate in taxes_of(note)],
        ],
    )
