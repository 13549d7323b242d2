"""Money: rows of the public schema that outlive the workspaces they are about."""

from apps.payments.models.accounts import Account, FormerCustomer, Subscription
from apps.payments.models.attempts import Attempt
from apps.payments.models.checkouts import Checkout
from apps.payments.models.documents import CreditNote, Invoice
from apps.payments.models.dunning import DunningCase, DunningStep, Notice
from apps.payments.models.events import StripeEvent
from apps.payments.models.intents import PaymentIntent
from apps.payments.models.issued import IssuedDocument
from apps.payments.models.ledger import LedgerEntry, LedgerTransaction, RevenueSchedule
from apps.payments.models.metering import UsageReport
from apps.payments.models.payments import (
    CustomerCredit,
    Dispute,
    InvoicePayment,
    Payment,
    Refund,
)
from apps.payments.models.reconciliation import Finding, ReconcileRun
from apps.payments.models.requests import MoneyRequest
from apps.payments.models.revenue import SubscriptionChange

__all__ = [
    "Account",
    "Attempt",
    "Checkout",
    "CreditNote",
    "CustomerCredit",
    "Dispute",
    "DunningCase",
    "DunningStep",
    "Finding",
    "FormerCustomer",
    "Invoice",
    "InvoicePayment",
    "IssuedDocument",
    "LedgerEntry",
    "LedgerTransaction",
    "MoneyRequest",
    "Notice",
    "Payment",
    "PaymentIntent",
    "ReconcileRun",
    "Refund",
    "RevenueSchedule",
    "StripeEvent",
    "Subscription",
    "SubscriptionChange",
    "UsageReport",
]
