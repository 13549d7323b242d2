"""The operator console: customers and their money. Each module registers its pages."""

from apps.payments.admin import invoices

__all__ = ["invoices"]
