"""A workspace that is deleted is not paid for: its subscription ends with it.

While it is closed and can still be kept, the subscription is not renewed; once it is gone, the
subscription ends at once. What was owed before stays owed.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction

from apps.payments import stripe_api
from apps.payments.models import Account, Subscription
from apps.payments.services import accounts, changes, objects
from apps.payments.services.subscriptions import live_of
from apps.tenants.models import Tenant

MARK: Final = "toolboxai_closing"  # metadata of a subscription that ends for that reason alone
COMMENT: Final = "The workspace is deleted."
CLOSED: Final = frozenset({Tenant.State.DELETING, Tenant.State.PURGING})


def request(tenant: Tenant) -> None:
    """Have a job see to it, in the caller's transaction."""
    from apps.payments.tasks import follow_workspace as task

    account = Account.objects.connected().of(tenant).first()
    if account is not None and account.subscriptions.live().exists():
        task.enqueue(by=None, schema_name="public", account_id=str(account.pk))


def follow(*, account_id: str) -> str:
    """The job's part: whatever was asked for before, what the workspace is now counts. Killed and
    repeated it does nothing twice. Raises `StripeError`.
    """
    account = Account.objects.select_related("tenant").get(pk=account_id)
    subscription = live_of(account)
    if subscription is None:
        return "Nothing to end"
    present = stripe_api.retrieve("subscription", subscription.pk)
    done = _follow(account.tenant, subscription, present)
    objects.fetch("subscription", subscription.pk, account)
    with transaction.atomic():
        accounts.settle(account)
    return done


def _follow(tenant: Tenant | None, subscription: Subscription, present: Any) -> str:
    ident, is_marked = subscription.pk, bool(present["metadata"].get(MARK))
    if present["status"] == Subscription.Status.CANCELED:
        return "Ended already"
    if tenant is None:
        about = {"cancellation_details": {"comment": COMMENT}}
        stripe_api.call(lambda api: api.subscriptions.cancel(ident, about))
        return "Ended"
    if tenant.state in CLOSED and not present["cancel_at_period_end"]:
        changes.release(present, f"closing-{ident}")
        _update(ident, {"cancel_at_period_end": True, "metadata": {MARK: "1"},
                        "cancellation_details": {"comment": COMMENT}})  # fmt: skip
        return "Not renewed"
    if tenant.state not in CLOSED and is_marked:
        _update(ident, {"cancel_at_period_end": False, "metadata": {MARK: ""}})
        return "Renewed again"
    return "Nothing to change"


def _update(ident: str, wish: dict[str, Any]) -> None:
    stripe_api.call(lambda api: api.subscriptions.update(ident, wish))
