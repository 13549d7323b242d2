"""Money: rows of the public schema that outlive the workspaces they are about."""

from apps.payments.models.accounts import Account, Subscription
from apps.payments.models.documents import CreditNote, Invoice

__all__ = ["Account", "CreditNote", "Invoice", "Subscription"]
