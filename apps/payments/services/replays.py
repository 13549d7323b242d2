"""What operators do to events of Stripe's: have them dealt with again."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.audit.services import entries as audit
from apps.core.actors import label_of
from apps.core.errors import Conflict
from apps.payments.models import ReconcileRun, StripeEvent
from apps.payments.services import reconciliation, sync


class NoCustomer(Conflict):
    code = "stripe_event_of_nobody"
    title = "This event is about no customer"


def replay(*, event: StripeEvent, by: Any) -> None:
    """What it tells of is fetched and stored again, whatever came of it before."""
    with transaction.atomic():
        locked = StripeEvent.objects.select_for_update().get(pk=event.pk)
        locked.state, locked.due_at = StripeEvent.State.WAITING, timezone.now()
        locked.attempts, locked.processed_at, locked.problem = 0, None, None
        # It is given its time again to find the customer.
        locked.save(update_fields=["state", "due_at", "attempts", "processed_at", "problem"])
        _record("stripe_event.replayed", locked, by)
        sync.request(customer_id=locked.customer_id)


def fetch_all(*, event: StripeEvent, by: Any) -> ReconcileRun:
    """All that Stripe has of the event's customer is compared, and taken in where it differs.
    Raises `NoCustomer`, `NotFound`.
    """
    if not event.customer_id:
        raise NoCustomer("Choose an event of a customer.")
    who = label_of(by)
    with transaction.atomic():
        run = reconciliation.request(repair=True, customer_id=event.customer_id, by=who)
        _record("stripe_customer.fetched", event, by, customer=event.customer_id)
    return run


def _record(action: str, event: StripeEvent, by: Any, **data: Any) -> None:
    audit.record(action=action, by=by, schema_name="public", target=event, data=data)
