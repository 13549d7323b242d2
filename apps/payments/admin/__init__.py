"""The operator console: customers and their money. Each module registers its pages."""

from apps.payments.admin import (
    attempts,
    customers,
    disputes,
    dunning,
    invoices,
    ledger,
    payments,
    stripe_events,
)

__all__ = [
    "attempts",
    "customers",
    "disputes",
    "dunning",
    "invoices",
    "ledger",
    "payments",
    "stripe_events",
]
