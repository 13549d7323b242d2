"""Months as Stripe counts them: https://docs.stripe.com/billing/subscriptions/billing-cycle."""

from __future__ import annotations

import calendar
from datetime import datetime


def later(moment: datetime, months: int) -> datetime:
    """The same day so many months later, or the last day of a month that has no such day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
