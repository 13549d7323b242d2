"""Invoices that were made out without VAT for a number that the tax office does not know.

A number counts while it is looked up (`taxes.COUNTING`). Turns out that nobody knows it, the VAT of
what was invoiced until then is the seller's to pay. Whether the customer was registered all the
same, and whether they are asked for it, people decide: docs/runbooks/billing.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Sum

from apps.payments import taxes
from apps.payments.models import Account, CreditNote, Invoice
from apps.payments.services import tax_rates

Status = Invoice.Status
STANDING = (Status.OPEN, Status.PAID, Status.UNCOLLECTIBLE)


@dataclass(frozen=True)
class MissingVat:
    """`amount`: the VAT of what is left of the invoices, in minor units."""

    account: Account
    invoices: tuple[Invoice, ...]
    amount: int

    @property
    def currency(self) -> str:
        return self.account.currency

    @property
    def numbers(self) -> str:
        return ", ".join(one.number for one in self.invoices)

    @property
    def pk(self) -> str:
        """Tells one fact from another."""
        return f"{self.account.pk}-{self.account.vat_id}"


def of(account: Account) -> MissingVat | None:
    """None where nothing is missing, or everything was credited."""
    rate = tax_rates.tax_of(account).percentage
    if account.vat_state != "unverified" or not rate:
        return None
    untaxed = account.invoices.filter(status__in=STANDING, tax=0, total__gt=0)
    credited = _credited(account)
    left = {
        one: one.total - credited.get(one.pk, 0)
        for one in untaxed.order_by("created_at", "id")
        if _names(one, account.vat_id)
    }
    found = tuple(one for one, amount in left.items() if amount > 0)
    return MissingVat(account, found, sum(_of(left[one], rate) for one in found)) if found else None


def _names(invoice: Invoice, number: str) -> bool:
    held = invoice.data.get("customer_tax_ids") or ()
    return any(taxes.normalised(one["value"] or "") == number for one in held)


def _credited(account: Account) -> dict[str, int]:
    notes = account.credit_notes.filter(status=CreditNote.Status.ISSUED).order_by()
    return dict(notes.values_list("invoice_id").annotate(Sum("total")))


def _of(net: int, rate: Decimal) -> int:
    return int((net * rate / 100).quantize(Decimal(1), ROUND_HALF_UP))
