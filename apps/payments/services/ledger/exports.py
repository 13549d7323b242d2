"""The ledger as tables for a spreadsheet or an accountant's program: CSV, amounts as decimals."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from djstripe import models as mirrored

from apps.core.money import decimal
from apps.payments.ledger.chart import ACCOUNTS
from apps.payments.models import LedgerEntry
from apps.payments.services.ledger.balances import TrialBalance

JOURNAL = (
    "occurred_at", "key", "customer", "object", "memo", "account", "detail", "debit", "credit",
    "currency",
)  # fmt: skip
# What a spreadsheet would take for a formula: https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    def write(self, text: str) -> str:
        return text


def journal(start: datetime, end: datetime) -> Iterator[str]:
    """Lines of CSV: every entry of [start, end), oldest first."""
    rows = (
        LedgerEntry.objects.filter(occurred_at__gte=start, occurred_at__lt=end)
        .select_related("transaction", "account")
        .order_by("occurred_at", "transaction_id", "id")
    )
    names = {row.id: _rate(row.stripe_data) for row in mirrored.TaxRate.objects.all()}
    return _lines(JOURNAL, (_entry(row, names) for row in rows.iterator(1000)))


def trial(balance: TrialBalance) -> Iterator[str]:
    """Lines of CSV: every ledger account and detail."""
    names = labels(row.detail for row in balance.rows)
    rows = (
        (
            row.account.code, row.account.name, row.account.kind.value,
            names.get(row.detail, row.detail), decimal(row.debit, balance.currency),
            decimal(row.credit, balance.currency), balance.currency,
        )
        for row in balance.rows
    )  # fmt: skip
    return _lines(("account", "name", "kind", "detail", "debit", "credit", "currency"), rows)


def labels(details: Iterable[str]) -> dict[str, str]:
    """Tax rates' ids as `VAT 19 % DE`; other details are their own."""
    rows = mirrored.TaxRate.objects.filter(id__in={one for one in details if one[:4] == "txr_"})
    return {row.id: _rate(row.stripe_data) for row in rows}


def _rate(data: Mapping[str, Any]) -> str:
    words = f"{data['display_name']} {data['percentage']:g} % {data.get('country') or ''}"
    return f"{words.strip()}, included" if data["inclusive"] else words.strip()


def _entry(row: LedgerEntry, names: Mapping[str, str]) -> tuple[Any, ...]:
    amount = decimal(abs(row.amount), row.currency)
    return (
        row.occurred_at.isoformat(), row.transaction.key, row.account.name if row.account else "",
        row.transaction.source_id, row.transaction.memo, ACCOUNTS[row.ledger_account].name,
        names.get(row.detail, row.detail), amount if row.amount > 0 else "",
        amount if row.amount < 0 else "", row.currency,
    )  # fmt: skip


def _lines(names: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(names)
    for row in rows:
        yield writer.writerow([_safe(value) for value in row])


def _safe(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
