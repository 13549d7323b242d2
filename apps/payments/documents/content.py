"""What stands on an invoice, a credit note or a receipt: the model of EN 16931-1:2017.

Amounts are whole minor units of `currency`; BT and BG in comments are the standard's names.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, Literal

from pydantic import TypeAdapter

from apps.payments.countries import COUNTRIES

Kind = Literal["invoice", "credit_note", "receipt"]
# UNTDID 5305: standard rate, reverse charge, zero rate, exempt, export, outside the scope.
Category = Literal["S", "AE", "Z", "E", "G", "O"]
Means = Literal["transfer", "automatic", "none"]
Settlement = Literal["", "refunded", "balance", "reduces"]
# Of a credit that was used or an older debt that was added; a small amount that is carried over, or
# a credit that is kept, for the next invoice.
UseOfBalance = Literal["", "used", "debt", "carried", "kept"]
UNIT: Final = "C62"  # UN/ECE Recommendation 20: one


@dataclass(frozen=True)
class Seller:
    """BG-4. `register` is where and as what the company is registered."""

    name: str
    line1: str
    postal_code: str
    city: str
    country: str
    line2: str = ""
    vat_id: str = ""
    tax_number: str = ""
    register: str = ""
    email: str = ""
    phone: str = ""
    iban: str = ""
    bic: str = ""


@dataclass(frozen=True)
class Buyer:
    """BG-7."""

    name: str
    country: str
    line1: str = ""
    line2: str = ""
    postal_code: str = ""
    city: str = ""
    state: str = ""
    vat_id: str = ""
    email: str = ""

    @property
    def address(self) -> list[str]:
        """Its lines without the name, the country in English."""
        town = " ".join(part for part in (self.postal_code, self.city, self.state) if part)
        country = COUNTRIES.get(self.country, self.country)
        return [line for line in (self.line1, self.line2, town, country) if line]


@dataclass(frozen=True)
class Period:
    start: date
    end: date


@dataclass(frozen=True)
class Line:
    """BG-25. `amount` is without VAT and before `discount`; a negative one gives back.

    `unit_amount` is the price of one in minor units, None where `amount` is no multiple of it
    (a part of a period, tiers).
    """

    description: str
    quantity: Decimal
    amount: int
    category: Category
    rate: Decimal
    discount: int = 0
    discount_name: str = ""
    unit_amount: Decimal | None = None
    period: Period | None = None

    @property
    def net(self) -> int:
        return self.amount - self.discount


@dataclass(frozen=True)
class Tax:
    """BG-23: what one category and rate comes to, as it was charged."""

    category: Category
    rate: Decimal
    basis: int
    amount: int


@dataclass(frozen=True)
class Reference:
    """BG-3: the invoice that a credit note or a receipt is about."""

    number: str
    issued_on: date


@dataclass(frozen=True)
class Payment:
    """What a receipt confirms."""

    paid_on: date
    amount: int
    method: str = ""


@dataclass(frozen=True)
class BankAccount:
    """Where a transfer goes (BG-17)."""

    holder: str
    iban: str
    bic: str = ""


@dataclass(frozen=True)
class Document:
    """`payee` is an account kept for this buyer's transfers, in place of the seller's own.
    `prepaid` is what a balance has already paid (BT-113), negative where it took or added
    something, and `use_of_balance` which of these it was; `voided_on` makes it a copy that counts
    no more; `settlement` says what becomes of a credit note's amount; `notes` are the seller's own
    words.
    """

    kind: Kind
    number: str
    issued_on: date
    currency: str
    language: str
    seller: Seller
    buyer: Buyer
    lines: tuple[Line, ...]
    taxes: tuple[Tax, ...]
    due_on: date | None = None
    means: Means = "automatic"
    prepaid: int = 0
    use_of_balance: UseOfBalance = ""
    voided_on: date | None = None
    purchase_order: str = ""
    reference: Reference | None = None
    settlement: Settlement = ""
    payment: Payment | None = None
    payee: BankAccount | None = None
    pay_url: str = ""
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def net(self) -> int:
        """BT-106 and BT-109: discounts stand on lines, so both are the same."""
        return sum(line.net for line in self.lines)

    @cached_property
    def tax(self) -> int:
        """BT-110."""
        return sum(tax.amount for tax in self.taxes)

    @property
    def total(self) -> int:
        """BT-112."""
        return self.net + self.tax

    @property
    def due(self) -> int:
        """BT-115."""
        return self.total - self.prepaid

    @property
    def balance_change(self) -> int:
        """What the balance adds to the total: `due` is both together."""
        return -self.prepaid

    @property
    def account(self) -> BankAccount:
        """Where a transfer of it goes; its IBAN may be empty."""
        seller = self.seller
        return self.payee or BankAccount(seller.name, seller.iban, seller.bic)

    @property
    def period(self) -> Period | None:
        """BG-14: from the first day of a line to the last of one."""
        periods = [line.period for line in self.lines if line.period]
        if not periods:
            return None
        return Period(min(p.start for p in periods), max(p.end for p in periods))

    @property
    def categories(self) -> set[Category]:
        return {line.category for line in self.lines} | {tax.category for tax in self.taxes}

    def basis(self) -> dict[tuple[Category, Decimal], int]:
        """What the lines of each category and rate come to."""
        sums: dict[tuple[Category, Decimal], int] = defaultdict(int)
        for line in self.lines:
            sums[line.category, line.rate] += line.net
        return dict(sums)


_ADAPTER: Final = TypeAdapter(Document)


def freeze(document: Document) -> dict[str, Any]:
    """As JSON that `thaw` reads back to an equal document."""
    frozen: dict[str, Any] = _ADAPTER.dump_python(document, mode="json")
    return frozen


def thaw(frozen: dict[str, Any]) -> Document:
    return _ADAPTER.validate_python(frozen)
