"""The operator console: customers and their money. Each module registers its pages."""

from apps.payments.admin import (
    customers,
    disputes,
    dunning,
    invoices,
    ledger,
    payments,
    stripe_events,
)

__all__ = [
    "customers",
    "disputes",
    "dunning",
    "invoices",
    "ledger",
    "payments",
    "stripe_events",
]
