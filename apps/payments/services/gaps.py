"""Events that never came: Stripe's own list of them is read, and what is not here is taken in.

Stripe keeps a list of thirty days (https://docs.stripe.com/api/events/list). It is read from its
newest entry back to where the look before the last one began, whatever time it is there: events of
a test clock have that clock's time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Min
from django.utils import timezone
from djstripe.models import WebhookEndpoint

from apps.payments import stripe_api
from apps.payments.errors import StripeError
from apps.payments.event_types import EVENT_TYPES
from apps.payments.models import ReconcileRun, StripeEvent
from apps.payments.services import sync

# Younger ones may be on their way.
UNDERWAY: Final = timedelta(minutes=1)
KEPT: Final = timedelta(days=90)
LOOKS_KEPT: Final = timedelta(days=7)


def look(*, asked_by: str = "system") -> ReconcileRun:
    """Take in what Stripe has and we have not. `counts["event"]` says how many were `seen`, how
    many `missing`, and how many are `older` than the first endpoint they could have been sent to.
    Raises `StripeError`, after the run was noted as failed.
    """
    run = ReconcileRun.objects.create(
        kind=ReconcileRun.Kind.EVENTS, repairs=True, asked_by=asked_by[:254]
    )
    counts = {"seen": 0, "missing": 0, "older": 0}
    since = WebhookEndpoint.objects.aggregate(first=Min("created"))["first"]
    try:
        for found in _unread(run):
            counts["seen"] += 1
            if take_in(found):
                is_older = since is None or found["created"] < since.timestamp()
                counts["older" if is_older else "missing"] += 1
    except StripeError as error:
        run.state, run.problem = ReconcileRun.State.FAILED, error.as_problem()
        raise
    else:
        run.state = ReconcileRun.State.FINISHED
    finally:
        run.counts, run.finished_at = {"event": counts}, timezone.now()
        run.save()
    return run


def take_in(found: Mapping[str, Any]) -> bool:
    """As if it had come by itself; False where it had."""
    event = StripeEvent.of(found, source=StripeEvent.Source.LISTED)
    with transaction.atomic():
        if not StripeEvent.objects.insert_once(event):
            return False
        sync.request(customer_id=event.customer_id)
    return True


def forget() -> int:
    """Drop events that were dealt with long ago, and looks that found nothing."""
    now = timezone.now()
    over = (StripeEvent.State.PROCESSED, StripeEvent.State.IGNORED)
    old, _ = StripeEvent.objects.filter(state__in=over, received_at__lt=now - KEPT).delete()
    looks = ReconcileRun.objects.of_kind(ReconcileRun.Kind.EVENTS)
    dull = looks.filter(started_at__lt=now - LOOKS_KEPT, counts__event__missing=0)
    return old + dull.delete()[0]


def _unread(run: ReconcileRun) -> Iterator[Mapping[str, Any]]:
    """Newest first, down to what was newest at the look before the last."""
    known = ReconcileRun.objects.of_kind(run.kind).finished().exclude(newest="")
    last = known.values_list("newest", flat=True)[1:2].first()
    now = timezone.now().timestamp()
    for found in stripe_api.pages("events"):
        if found["id"] == last:
            return
        if 0 <= now - found["created"] < UNDERWAY.total_seconds():
            continue
        run.newest = run.newest or found["id"]
        if found["type"] in EVENT_TYPES:
            yield found
