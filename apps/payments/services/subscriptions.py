"""The one subscription that an account lives by."""

from __future__ import annotations

from apps.payments.models import Account, Subscription
from apps.payments.subscription_errors import AlreadySubscribed, NotSubscribed


def live_of(account: Account) -> Subscription | None:
    """The subscription that is in force or was not paid yet; None where all have ended."""
    waiting = Subscription.Status.INCOMPLETE
    rows = account.subscriptions.live().select_related("account").exclude(status=waiting)
    return rows.order_by("created_at", "id").first()


def require_live(account: Account) -> Subscription:
    """Raises `NotSubscribed`."""
    found = live_of(account)
    if found is None:
        raise NotSubscribed("There is no subscription. Choose a plan first.")
    return found


def require_none(account: Account) -> None:
    """Raises `AlreadySubscribed`."""
    found = live_of(account)
    if found is not None:
        raise AlreadySubscribed(
            "This workspace has a subscription. Change its plan instead of starting another.",
            subscription=found.pk,
        )
