"""What operators do with money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from apps.core.money import minor
from apps.payments.catalogue import CURRENCY
from apps.payments.models import Account, Invoice, MoneyRequest, Payment, Refund
from apps.payments.money import text
from apps.payments.services import (
    approvals,
    customer_credits,
    disputes,
    invoice_deeds,
    refunds,
)
from apps.tenants.deeds import Deed

MOST = Decimal("999999.99")


class AmountField(forms.DecimalField):
    """Major units as people write them; the value is minor units."""

    def __init__(self, **about: Any) -> None:
        super().__init__(
            max_digits=8, decimal_places=2, max_value=MOST, widget=UnfoldAdminDecimalFieldWidget,
            **about,
        )  # fmt: skip

    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        return None if found is None else minor(found, CURRENCY)


def _why(label: str, help_text: str) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=300, help_text=help_text, widget=UnfoldAdminTextInputWidget
    )


class RefundForm(forms.Form):
    amount = AmountField(label="Amount", min_value=Decimal("0.01"), help_text="VAT included.")
    reason = forms.ChoiceField(
        label="Reason on the credit note", choices=Refund.Reason.choices,
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    note = _why("Why?", "Such as the number of the ticket. It stands in the workspace's audit.")


class CreditForm(forms.Form):
    amount = AmountField(
        label="Amount", min_value=-MOST, help_text="Lessens the next invoices; a debit is negative."
    )
    note = _why("Why?", "The customer reads it.")


class RejectionForm(forms.Form):
    reason = _why("Why not?", "Who asked for it reads it.")


class TransferForm(forms.Form):
    received_on = forms.DateField(label="Received on", widget=UnfoldAdminDateWidget)
    reference = forms.CharField(
        label="Reference", max_length=140, widget=UnfoldAdminTextInputWidget,
        help_text="As on the bank's statement.",
    )  # fmt: skip


class ReasonForm(forms.Form):
    reason = _why("Why?", "It stands in the workspace's audit.")


def _payment(payment: Payment) -> str:
    left = text(payment.refundable, payment.currency)
    return f"{payment.account}, {payment.method} {payment.created_at:%-d %B %Y}: {left} are left"


def _invoice(invoice: Invoice) -> str:
    amount = text(invoice.amount_remaining, invoice.currency)
    return f"{invoice}, {invoice.account}: {amount} are open"


def _request(row: MoneyRequest) -> str:
    return f"{row}, {text(row.amount, row.currency)}, asked for by {row.asked_by_label}: {row.note}"


def _account(account: Account) -> str:
    credit = text(-account.balance, account.currency)
    return f"{account}: has {credit} to their credit"


REFUND = Deed(
    "refund", "Refund",
    "The money goes back the way it came, with a credit note on the invoice. Over "
    "the limit a second operator approves it first.",
    "Asked for: {}.", refunds.request, RefundForm, one_at_a_time=True, subject="payment",
    describe=_payment,
)  # fmt: skip
CREDIT = Deed(
    "credit", "Credit or debit",
    "The customer's next invoices are less, or more. Over the limit a second operator approves "
    "a credit first.",
    "Asked for: {}.", customer_credits.request, CreditForm, one_at_a_time=True, subject="account",
    describe=_account,
)  # fmt: skip
REQUEST_DEEDS = (
    Deed(
        "approve", "Approve", "It is carried out at once. Who asked for it cannot approve it.",
        "Approved: {}.", approvals.approve, subject="request", describe=_request,
    ),
    Deed(
        "reject", "Reject", "It is not carried out. It can be asked for anew.",
        "Rejected: {}.", approvals.reject, RejectionForm, subject="request", describe=_request,
    ),
    Deed(
        "withdraw", "Withdraw", "Take back what you asked for yourself.",
        "Withdrawn: {}.", approvals.withdraw, subject="request", describe=_request,
    ),
)  # fmt: skip
RETRY = Deed(
    "retry", "Try again",
    "Asks anew for a refund that failed. Its credit note, if there is one, stands.",
    "Asked for anew: {}.", refunds.retry, one_at_a_time=True, subject="refund", describe=_request,
)  # fmt: skip
INVOICE_DEEDS = (
    Deed(
        "mark_paid", "Paid by bank transfer",
        "The money came another way than through Stripe. What was stopped for want of it goes on.",
        "{} is paid.", invoice_deeds.mark_paid, TransferForm, one_at_a_time=True,
        subject="invoice", describe=_invoice,
    ),
    Deed(
        "write_off", "Write off", "Nobody is going to pay it. Stripe tries no more.",
        "{} is written off.", invoice_deeds.write_off, ReasonForm, subject="invoice",
        describe=_invoice,
    ),
    Deed(
        "void", "Void", "It should not have been written, and is not owed.",
        "{} is void.", invoice_deeds.void, ReasonForm, subject="invoice", describe=_invoice,
    ),
)  # fmt: skip
ACCEPT = Deed(
    "accept", "Accept", "The bank keeps the money. It cannot be undone.",
    "{} is accepted.", disputes.accept, subject="dispute",
)  # fmt: skip
