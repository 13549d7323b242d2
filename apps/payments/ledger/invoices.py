"""Invoices: https://docs.stripe.com/api/invoices/object.

Every function looks at the invoice as it is now and tells its whole story, so it does not matter
which of its states were seen.
"""

from __future__ import annotations

from apps.payments.ledger.movements import Data, Movement, balanced, movement
from apps.payments.stripe_values import moment


def movements_of(invoice: Data) -> list[Movement]:
    """Finalised, paid (also outside Stripe), written off, paid after all, voided."""
    if not invoice["status_transitions"]["finalized_at"]:
        return []
    finalized = _finalized(invoice)
    found = [finalized, *_written_off(invoice)]
    if invoice["status"] == "void":
        found.append(_voided(invoice, finalized))
    else:
        found += [_paid(invoice), _paid_off_stripe(invoice)]
    return [one for one in found if one.entries]


def taxes_of(document: Data) -> list[tuple[str, int, str]]:
    """What an invoice or a credit note adds to `tax_payable`, by tax rate, as credits."""
    return [
        ("tax_payable", -tax["amount"], (tax.get("tax_rate_details") or {}).get("tax_rate") or "")
        for tax in document.get("total_taxes") or []
    ]


def net_of(document: Data) -> int:
    """An invoice's or credit note's total without any tax."""
    return int(document["total"] + sum(amount for _, amount, _ in taxes_of(document)))


def applied_balance(invoice: Data) -> int:
    """What finalising changed the customer's balance by; positive: credit was used."""
    ending = invoice.get("ending_balance")
    return 0 if ending is None else int(ending - invoice["starting_balance"])


def due_at_first(invoice: Data) -> int:
    """What was to be paid when it was finalised; credit notes lessen `amount_due` later."""
    return int(invoice["total"]) - applied_balance(invoice)


def name_of(invoice: Data) -> str:
    return f"Invoice {invoice.get('number') or invoice['id']}"


def _finalized(invoice: Data) -> Movement:
    return movement(
        "finalized",
        name_of(invoice),
        invoice["status_transitions"]["finalized_at"],
        [
            ("receivable", due_at_first(invoice)),
            ("customer_credit", applied_balance(invoice)),
            ("deferred_revenue", -net_of(invoice)),
            *taxes_of(invoice),
        ],
    )


def _off_stripe(invoice: Data) -> int:
    return int(invoice.get("amount_paid_off_stripe") or 0)


def _paid(invoice: Data) -> Movement:
    through_stripe = invoice["amount_paid"] - _off_stripe(invoice)
    paid_at = invoice["status_transitions"]["paid_at"]
    entries = [("unapplied", through_stripe), ("receivable", -through_stripe)]
    return movement("paid", f"{name_of(invoice)} is paid", paid_at, entries)


def _paid_off_stripe(invoice: Data) -> Movement:
    amount = _off_stripe(invoice)
    paid_at = invoice["status_transitions"]["paid_at"]
    entries = [("off_stripe", amount), ("receivable", -amount)]
    memo = f"{name_of(invoice)} is paid outside Stripe"
    return movement("paid_off_stripe", memo, paid_at, entries)


def _written_off(invoice: Data) -> list[Movement]:
    """Bad debt, and its end where the invoice was paid or voided after all."""
    transitions = invoice["status_transitions"]
    if not transitions["marked_uncollectible_at"]:
        return []
    left = due_at_first(invoice) - invoice["pre_payment_credit_notes_amount"]
    if invoice["status"] == "uncollectible":
        left -= invoice["amount_paid"]
    entries = [("bad_debt", left), ("receivable", -left)]
    memo = f"{name_of(invoice)} is uncollectible"
    written = movement("uncollectible", memo, transitions["marked_uncollectible_at"], entries)
    ended_at = transitions["paid_at"] or transitions["voided_at"]
    if invoice["status"] == "uncollectible":
        return [written]
    memo = f"{name_of(invoice)} is no bad debt after all"
    return [written, balanced("recovered", memo, moment(ended_at), written.reversed)]


def _voided(invoice: Data, finalized: Movement) -> Movement:
    at = moment(invoice["status_transitions"]["voided_at"])
    return balanced("voided", f"{name_of(invoice)} is void", at, finalized.reversed)
