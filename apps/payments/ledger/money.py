"""Money that really moved: charges, refunds, disputes, payouts, bank transfers, credit.

Each reads the balance transactions that its object holds; they have to be expanded
(`stripe_api.EXPANDED`). https://docs.stripe.com/api/balance_transactions/object
"""

from __future__ import annotations

from apps.payments.ledger.movements import Data, Movement, movement
from apps.payments.stripe_values import identity

LOST = ("lost",)
HOLDERS = ("ch_", "py_", "re_", "pyr_", "du_", "dp_", "po_")
# Changes of the customer's balance that invoices and credit notes tell of themselves.
TOLD_ELSEWHERE = {
    "applied_to_invoice", "unapplied_from_invoice", "credit_note", "invoice_too_small",
    "invoice_too_large",
}  # fmt: skip
OUT_OF_PAYMENTS = {
    "invoice_overpaid", "unspent_receiver_credit", "checkout_session_subscription_payment",
    "checkout_session_subscription_payment_canceled",
}  # fmt: skip


class Unexpanded(ValueError):
    """A balance transaction is there as an id only: it was fetched without it."""


def charge_movements(charge: Data) -> list[Movement]:
    """A payment that came; nothing for one that failed or is on its way."""
    return _moved(charge, "balance_transaction", "charged", "Payment", "unapplied")


def refund_movements(refund: Data) -> list[Movement]:
    return [
        *_moved(refund, "balance_transaction", "refunded", "Refund", "refunds"),
        *_moved(refund, "failure_balance_transaction", "failed", "Refund that failed", "refunds"),
    ]


def payout_movements(payout: Data) -> list[Movement]:
    return [
        *_moved(payout, "balance_transaction", "paid_out", "Payout", "bank"),
        *_moved(payout, "failure_balance_transaction", "failed", "Payout that failed", "bank"),
    ]


def dispute_movements(dispute: Data) -> list[Movement]:
    """Withdrawn, and reinstated or lost. Stripe does not say when it was lost."""
    found = [
        _of_transaction(one, identity(one), _dispute_memo(one), "disputed", "dispute_fees")
        for one in dispute["balance_transactions"]
    ]
    if dispute["status"] in LOST:
        left = -sum(one["amount"] for one in dispute["balance_transactions"])
        entries = [("dispute_losses", left), ("disputed", -left)]
        found.append(movement("lost", "Dispute lost", None, entries))
    return [one for one in found if one.entries]


def _dispute_memo(transaction: Data) -> str:
    return "Dispute: withdrawn" if transaction["amount"] < 0 else "Dispute: reinstated"


def customer_balance_movements(transaction: Data) -> list[Movement]:
    """Credit or debt that was set by hand, or came out of a payment."""
    kind, amount = transaction["type"], transaction["amount"]
    if kind in TOLD_ELSEWHERE:
        return []
    other = "unapplied" if kind in OUT_OF_PAYMENTS else "credits_granted"
    memo = transaction.get("description") or f"Balance: {kind.replace('_', ' ')}"
    entries = [("customer_credit", amount), (other, -amount)]
    found = movement("balance", memo, transaction["created"], entries)
    return [found] if found.entries else []


def cash_movements(transaction: Data) -> list[Movement]:
    """A bank transfer that arrived, or what was taken of it for a payment."""
    amount, kind = transaction["net_amount"], transaction["type"]
    entries = [("cash_held", amount), ("customer_cash", -amount)]
    memo = f"Bank transfer: {kind.replace('_', ' ')}"
    found = movement("cash", memo, transaction["created"], entries)
    return [found] if found.entries else []


def other_movements(transaction: Data) -> list[Movement]:
    """A balance transaction that no charge, refund, dispute or payout holds: Stripe's own fees."""
    if identity(transaction.get("source")).startswith(HOLDERS):
        return []
    memo = transaction.get("description") or transaction["type"].replace("_", " ")
    found = _of_transaction(transaction, "moved", memo, "stripe_fees")
    return [found] if found.entries else []


def _moved(document: Data, name: str, kind: str, memo: str, other: str) -> list[Movement]:
    transaction = document.get(name)
    if not transaction:
        return []
    if isinstance(transaction, str):
        raise Unexpanded(f"{document['id']}: {name} is not expanded")
    found = _of_transaction(transaction, kind, memo, other)
    return [found] if found.entries else []


def _of_transaction(
    transaction: Data, kind: str, memo: str, other: str, fees: str = "stripe_fees"
) -> Movement:
    entries = [
        ("stripe_balance", transaction["net"]),
        (fees, transaction["fee"]),
        (other, -transaction["amount"]),
    ]
    return movement(kind, memo, transaction["created"], entries)
