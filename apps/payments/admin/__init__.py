"""The operator console: customers and their money. Each module registers its pages."""

from apps.payments.admin import customers, disputes, invoices, payments

__all__ = ["customers", "disputes", "invoices", "payments"]
