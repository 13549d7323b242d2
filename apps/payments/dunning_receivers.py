"""After each sync what is unpaid is chased, and owners hear what happened to their money."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from apps.payments.models import Account, Subscription
from apps.payments.services import billing_mails, dunning
from apps.payments.signals import account_settled, subscription_stored


@receiver(account_settled, dispatch_uid="payments.dunning")
def follow(account: Account, **_: Any) -> None:
    dunning.advance(account=account)
    billing_mails.tell(account)


@receiver(subscription_stored, dispatch_uid="payments.subscription_mails")
def tell_of_change(subscription: Subscription, before: dict[str, Any] | None, **_: Any) -> None:
    if before is not None:
        billing_mails.tell_of_change(subscription, before)
