"""The ledger: movements of money as balanced entries, so that balances and revenue are sums."""

from apps.payments.services.ledger.balances import (
    Month,
    Statement,
    TrialBalance,
    balance,
    by_month,
    statement,
    trial_balance,
)
from apps.payments.services.ledger.recognition import recognise
from apps.payments.services.ledger.verification import Difference, verify, verify_account

__all__ = [
    "Difference",
    "Month",
    "Statement",
    "TrialBalance",
    "balance",
    "by_month",
    "recognise",
    "statement",
    "trial_balance",
    "verify",
    "verify_account",
]
