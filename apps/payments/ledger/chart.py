"""The chart of accounts.

An entry's amount is signed: a debit is positive, a credit negative. `detail` divides an account:
revenue by stream (`subscription/school`), tax by Stripe's tax rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"


@dataclass(frozen=True)
class LedgerAccount:
    """`about` says when it moves, and what of Stripe's it equals."""

    code: str
    name: str
    kind: Kind
    about: str

    @property
    def is_debit(self) -> bool:
        """Grows by debits; what is shown of the others has its sign turned."""
        return self.kind in (Kind.ASSET, Kind.EXPENSE)

    def shown(self, amount: int) -> int:
        """A signed sum of entries as people expect to read it: growth is positive."""
        return amount if self.is_debit else -amount


CHART = (
    LedgerAccount(
        "stripe_balance", "Stripe balance", Kind.ASSET,
        "Available and pending money at Stripe: the sum of its balance transactions.",
    ),
    LedgerAccount("bank", "Bank (payouts)", Kind.ASSET, "What Stripe paid out."),
    LedgerAccount(
        "off_stripe", "Received outside Stripe", Kind.ASSET,
        "Invoices paid by cheque or to a bank account of ours, less what was given back that way.",
    ),
    LedgerAccount(
        "receivable", "Receivables", Kind.ASSET,
        "What customers owe: what remains of their open invoices.",
    ),
    LedgerAccount(
        "cash_held", "Bank transfers held by Stripe", Kind.ASSET,
        "Money that customers sent and that has paid nothing yet.",
    ),
    LedgerAccount(
        "disputed", "Disputed payments", Kind.ASSET,
        "Withdrawn by banks while disputes are undecided.",
    ),
    LedgerAccount(
        "customer_credit", "Customers' credit", Kind.LIABILITY,
        "Stripe's customer balance, with which next invoices are paid.",
    ),
    LedgerAccount(
        "customer_cash", "Customers' bank transfers", Kind.LIABILITY,
        "Stripe's cash balance of customers.",
    ),
    LedgerAccount(
        "unapplied", "Unapplied payments", Kind.LIABILITY,
        "Money of charges that belongs to no paid invoice.",
    ),
    LedgerAccount("tax_payable", "Tax payable", Kind.LIABILITY, "By tax rate."),
    LedgerAccount(
        "deferred_revenue", "Deferred revenue", Kind.LIABILITY,
        "Invoiced, and not yet earned by the days that have passed.",
    ),
    LedgerAccount(
        "revenue", "Revenue", Kind.INCOME,
        "Earned day by day over each invoice line's period, net of discounts and tax; by stream.",
    ),
    LedgerAccount(
        "credit_notes", "Credit notes", Kind.INCOME,
        "Less revenue: the earned part of what credit notes took back; by stream.",
    ),
    LedgerAccount(
        "refunds", "Refunds without a credit note", Kind.INCOME,
        "Less revenue: refunds less what credit notes said would be refunded.",
    ),
    LedgerAccount(
        "credits_granted", "Credits granted", Kind.INCOME,
        "Less revenue: credit given to customers' balances for nothing.",
    ),
    LedgerAccount("stripe_fees", "Stripe fees", Kind.EXPENSE, "Of payments, and of Stripe itself."),
    LedgerAccount("dispute_losses", "Lost disputes", Kind.EXPENSE, "Payments that banks kept."),
    LedgerAccount("dispute_fees", "Dispute fees", Kind.EXPENSE, "What Stripe takes per dispute."),
    LedgerAccount(
        "bad_debt", "Bad debt", Kind.EXPENSE,
        "What remained of invoices when they were marked uncollectible, less what came after all.",
    ),
)  # fmt: skip
ACCOUNTS = {account.code: account for account in CHART}
# What a customer owes (positive) or is owed: the accounts of which a statement is made.
CUSTOMER_POSITION = ("receivable", "customer_credit", "customer_cash", "unapplied", "refunds")
