"""Mails about payments and plans."""

from __future__ import annotations

from typing import Any

from apps.mail.catalogue.account import AT, EMAIL
from apps.mail.catalogue.kinds import Mail
from apps.mail.catalogue.workspace import LATER, NAME, URL, _mail

PLAN = {**NAME, "plan.name": "School", "billing_url": f"{URL}/settings/billing/"}
PRICED = {**PLAN, "amount": "€ 49.00"}
FAILED = {**PRICED, "reason": "The bank declined the card."}


def _billing(name: str, title: str, sample: dict[str, Any]) -> Mail:
    return _mail(name, title, "billing", sample)


MAILS = (
    _billing("payment_confirmed", "Payment confirmation",
        {**PRICED, "invoice_number": "TBX-2026-0042", "paid_at": AT}),
    _billing("payment_failed", "Payment failed: first notice", {**FAILED, "next_attempt_at": AT}),
    _billing("payment_failed_reminder", "Payment failed: reminder",
        {**FAILED, "next_attempt_at": AT, "ends_at": LATER}),
    _billing("payment_failed_final", "Payment failed: final notice", {**FAILED, "ends_at": LATER}),
    _billing("payment_recovered", "Payment recovered", PRICED),
    _billing("subscription_confirmed", "Subscription confirmation",
        {**PRICED, "interval": "month", "renews_at": LATER}),
    _billing("subscription_renewal", "Subscription renewal",
        {**PRICED, "interval": "month", "renews_at": LATER}),
    _billing("subscription_cancelled", "Subscription cancelled",
        {**PLAN, "by": EMAIL, "ends_at": LATER}),
    _mail("trial_ending", "Trial ending", "news", {**PLAN, "ends_at": LATER}),
)  # fmt: skip
