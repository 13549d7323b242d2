"""One movement of money: balanced entries, and when it happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.payments.ledger.chart import ACCOUNTS
from apps.payments.stripe_values import moment

Data = Mapping[str, Any]
Entries = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Movement:
    """`entries`: signed minor units by (ledger account, detail); their sum is 0, none is 0.

    `kind` says which of its object's movements this is: each object has one of a kind, whose
    amounts are what they should be now. `occurred_at` is None where Stripe does not say when it
    was.
    """

    kind: str
    memo: str
    occurred_at: datetime | None
    entries: Entries

    @property
    def reversed(self) -> Entries:
        return {place: -amount for place, amount in self.entries.items()}


def movement(
    kind: str,
    memo: str,
    at: float | None,
    entries: Iterable[tuple[str, int] | tuple[str, int, str]],
) -> Movement:
    """`at`: Stripe's Unix time. Raises ValueError for entries that do not balance."""
    summed: Counter[tuple[str, str]] = Counter()
    for code, amount, *detail in entries:
        summed[ACCOUNTS[code].code, str(detail[0]) if detail else ""] += amount
    return balanced(kind, memo, moment(at), {key: one for key, one in summed.items() if one})


def balanced(kind: str, memo: str, at: datetime | None, entries: Entries) -> Movement:
    """Raises ValueError for entries that do not balance."""
    if sum(entries.values()):
        raise ValueError(f"{kind}: entries do not balance: {dict(entries)}")
    return Movement(kind, memo, at, entries)
