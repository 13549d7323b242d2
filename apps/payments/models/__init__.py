"""Money: rows of the public schema that outlive the workspaces they are about."""

from apps.payments.models.accounts import Account, Subscription
from apps.payments.models.documents import CreditNote, Invoice
from apps.payments.models.issued import IssuedDocument

__all__ = ["Account", "CreditNote", "Invoice", "IssuedDocument", "Subscription"]
