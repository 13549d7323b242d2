"""Monthly recurring revenue, kept as rows: made of a subscription and its invoices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.payments.models import Account, Invoice, Subscription, SubscriptionChange
from apps.payments.mrr import history


def subscription(data: Mapping[str, Any], account: Account | None) -> None:
    """Projection (`objects`)."""
    if account is not None:
        rebuild(str(data["id"]))


def invoice(data: Mapping[str, Any], account: Account | None) -> None:
    """Projection (`objects`); what its subscription was worth follows from all of its invoices."""
    parent = (data.get("parent") or {}).get("subscription_details") or {}
    if account is not None and parent.get("subscription"):
        found = parent["subscription"]
        rebuild(found if isinstance(found, str) else found["id"])


def rebuild(subscription_id: str) -> bool:
    """Make its changes anew; whether anything was not as it should be."""
    row = Subscription.objects.filter(pk=subscription_id).first()
    if row is None:  # its own turn comes later
        return False
    invoices = Invoice.objects.filter(subscription_id=row.pk).values_list("data", flat=True)
    wanted = {one.at: one for one in history.changes(row.data, list(invoices))}
    held = {one.at: one for one in row.changes.all()}
    if {at: one.monthly for at, one in held.items()} == {
        at: one.monthly for at, one in wanted.items()
    }:
        return False
    row.changes.all().delete()
    SubscriptionChange.objects.bulk_create(
        SubscriptionChange(
            account_id=row.account_id, subscription=row, at=at, monthly=one.monthly,
            text=one.text[:300],
        )
        for at, one in wanted.items()
    )  # fmt: skip
    return True


def rebuild_all() -> tuple[int, int]:
    """Every subscription's; how many there are, and how many had to be mended."""
    rows = Subscription.objects.order_by("id").values_list("id", "account")
    mended = [_rebuild_alone(*row) for row in rows.iterator()]
    return len(mended), sum(mended)


@transaction.atomic
def _rebuild_alone(subscription_id: str, account_id: UUID) -> bool:
    """Nobody stores anything of the account meanwhile, or sees it without its changes."""
    Account.objects.lock(account_id)
    return rebuild(subscription_id)
