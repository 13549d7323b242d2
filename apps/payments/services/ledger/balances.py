"""Sums of entries: balances, the trial balance, a customer's statement, revenue by month."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from django.db.models import Q, Sum
from django.db.models.functions import TruncMonth

from apps.payments.catalogue import CURRENCY
from apps.payments.ledger.chart import ACCOUNTS, CHART, CUSTOMER_POSITION, Kind, LedgerAccount
from apps.payments.models import Account, LedgerEntry, LedgerTransaction
from apps.payments.months import months_until

DOCUMENTS = ("invoice", "credit_note")
EARNED = ("revenue", "credit_notes", "refunds", "credits_granted")


def balance(
    *, of: str, at: datetime | None = None, account: Account | None = None, detail: str = ""
) -> int:
    """Of a ledger account (`chart.CHART`), in minor units; growth is positive, so a customer's
    credit and revenue are, too. `at`: before that moment. `account`: one customer's part.
    """
    entries = LedgerEntry.objects.of(of, account=account).until(at)
    if detail:
        entries = entries.filter(detail=detail)
    return ACCOUNTS[of].shown(entries.total())


@dataclass(frozen=True)
class TrialRow:
    """`balance` is positive where the account is as its kind usually is."""

    account: LedgerAccount
    detail: str
    debits: int
    credits: int

    @property
    def balance(self) -> int:
        return self.account.shown(self.debits - self.credits)

    @property
    def debit(self) -> int:
        """What stands in the debit column: the balance of an account that debits outweigh."""
        return max(self.debits - self.credits, 0)

    @property
    def credit(self) -> int:
        return max(self.credits - self.debits, 0)


@dataclass(frozen=True)
class TrialBalance:
    """`rows` by ledger account in the chart's order, then by detail. `debit` is always `credit`."""

    rows: list[TrialRow]
    currency: str

    @property
    def accounts(self) -> list[TrialRow]:
        """One row for each ledger account, its details together."""
        found = []
        for account in CHART:
            rows = [row for row in self.rows if row.account is account]
            if rows:
                sums = sum(row.debits for row in rows), sum(row.credits for row in rows)
                found.append(TrialRow(account, "", *sums))
        return found

    @property
    def debit(self) -> int:
        return sum(row.debit for row in self.accounts)

    @property
    def credit(self) -> int:
        return sum(row.credit for row in self.accounts)

    @property
    def income(self) -> int:
        """Revenue less what made it less, less expenses."""
        sign = {Kind.INCOME: 1, Kind.EXPENSE: -1}
        return sum(row.balance * sign.get(row.account.kind, 0) for row in self.accounts)


def trial_balance(
    *, at: datetime | None = None, account: Account | None = None, currency: str = CURRENCY
) -> TrialBalance:
    """All ledger accounts that ever moved, before `at`."""
    entries = LedgerEntry.objects.filter(currency=currency).until(at)
    if account is not None:
        entries = entries.filter(account=account)
    sums = entries.order_by("detail").values("ledger_account", "detail").annotate(
        debits=Sum("amount", filter=Q(amount__gt=0), default=0),
        credits=Sum("amount", filter=Q(amount__lt=0), default=0),
    )  # fmt: skip
    rows = [
        TrialRow(ACCOUNTS[one["ledger_account"]], one["detail"], one["debits"], -one["credits"])
        for one in sums
    ]
    rows.sort(key=lambda row: (CHART.index(row.account), row.detail))
    return TrialBalance(rows, currency)


class Line(NamedTuple):
    """One movement on a statement: what it changed of what the customer owes, and what was owed
    then. Negative: the customer is owed.
    """

    transaction: LedgerTransaction
    amount: int
    owed: int


@dataclass(frozen=True)
class Statement:
    """What a customer owed at `start`, what happened, and what is owed at `end`.

    `parts` says what the closing is made of, by ledger account; they add up to it.
    """

    account: Account
    start: datetime
    end: datetime
    opening: int
    lines: list[Line]
    parts: list[tuple[LedgerAccount, int]]

    @property
    def closing(self) -> int:
        return self.opening + sum(line.amount for line in self.lines)

    @property
    def charged(self) -> int:
        return sum(line.amount for line in self.lines if line.amount > 0)

    @property
    def settled(self) -> int:
        return -sum(line.amount for line in self.lines if line.amount < 0)


def statement(account: Account, start: datetime, end: datetime) -> Statement:
    """Of [start, end): invoices and refunds raise what is owed; payments, credit and credit notes
    lower it. What only moves between the customer's own accounts is left out.
    """
    entries = LedgerEntry.objects.filter(account=account, ledger_account__in=CUSTOMER_POSITION)
    opening = owed = entries.until(start).total()
    moved = (
        LedgerTransaction.objects.filter(
            account=account,
            occurred_at__gte=start,
            occurred_at__lt=end,
            entries__ledger_account__in=CUSTOMER_POSITION,
        )
        .annotate(moved=Sum("entries__amount"), is_document=Q(source_type__in=DOCUMENTS))
        .exclude(moved=0)
        # What is billed or credited before what settles it.
        .order_by("occurred_at", "-is_document", "-moved", "id")
    )
    lines = []
    for one in moved:
        owed += one.moved
        lines.append(Line(one, one.moved, owed))
    return Statement(account, start, end, opening, lines, _parts(entries.until(end)))


def _parts(entries: Any) -> list[tuple[LedgerAccount, int]]:
    sums = dict(entries.order_by().values_list("ledger_account").annotate(found=Sum("amount")))
    return [(ACCOUNTS[code], sums[code]) for code in CUSTOMER_POSITION if sums.get(code)]


@dataclass(frozen=True)
class Month:
    """`earned`: revenue less credit notes, refunds without one, and credit that was granted;
    `deferred`: what was left to earn at the month's end.
    """

    start: date
    earned: int
    deferred: int


def by_month(*, last: date, count: int = 12, currency: str = CURRENCY) -> list[Month]:
    """`count` months to that of `last`, oldest first."""
    sums: dict[date, dict[str, int]] = defaultdict(dict)
    rows = (
        LedgerEntry.objects.filter(
            currency=currency, ledger_account__in=[*EARNED, "deferred_revenue"]
        )
        .order_by()
        .annotate(month=TruncMonth("occurred_at", tzinfo=UTC))
        .values_list("month", "ledger_account")
        .annotate(found=Sum("amount"))
    )
    for month, code, found in rows:
        sums[month.date()][code] = -found
    months = months_until(last, count)
    deferred = sum(one.get("deferred_revenue", 0) for at, one in sums.items() if at < months[0])
    made = []
    for start in months:
        deferred += sums[start].get("deferred_revenue", 0)
        earned = sum(sums[start].get(code, 0) for code in EARNED)
        made.append(Month(start, earned, deferred))
    return made
