"""One lane for each endpoint: a job that sends what is due, one after the other, oldest first.

An endpoint never takes more than one worker, and that for `LANE_BUDGET` seconds at a time, so a
slow one holds up nobody but itself. Those that fail wait in the queue of bulk work.
"""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.webhooks import schedule
from apps.webhooks.models import Delivery, Endpoint
from apps.webhooks.services import deliveries

# A lane whose job was lost is opened again by `sweep` after this.
WAIT_FOR_WORKER = timedelta(minutes=2)


def open_after_commit(*, endpoint_id: UUID) -> None:
    """Have what is due sent; `sweep` does it should this process not come to it."""
    transaction.on_commit(lambda: open_lane(endpoint_id=endpoint_id), robust=True)


def open_lane(*, endpoint_id: UUID) -> bool:
    """Ask for the endpoint's job unless there is one already; returns whether it did."""
    from apps.webhooks.tasks import deliver, deliver_slowly

    now = timezone.now()
    with schema_context("public"), transaction.atomic():
        taken = _free(now).filter(pk=endpoint_id).update(lane_until=now + WAIT_FOR_WORKER)
        if not taken:
            return False
        endpoint = Endpoint.objects.get(pk=endpoint_id)
        task = deliver_slowly if endpoint.failures else deliver
        task.enqueue(by=None, schema_name="public", endpoint_id=str(endpoint_id))
    return True


def work(*, endpoint_id: str) -> int:
    """Send what is due, for as long as the budget lasts; returns how many attempts were made."""
    until, made = time.monotonic() + schedule.LANE_BUDGET, 0
    with schema_context("public"):
        while time.monotonic() < until and (delivery := _next(endpoint_id)) is not None:
            made += deliveries.attempt(delivery=delivery)
        Endpoint.objects.filter(pk=endpoint_id).update(lane_until=None)
        # Whatever came between the last look and the end found the lane taken.
        if Delivery.objects.ready().filter(endpoint_id=endpoint_id).exists():
            open_lane(endpoint_id=UUID(endpoint_id))
    return made


def sweep() -> int:
    """Open the lanes of all endpoints with something due; returns how many."""
    with schema_context("public"):
        due = Delivery.objects.ready().filter(endpoint=OuterRef("pk"))
        waiting = _free(timezone.now()).filter(Exists(due)).values_list("pk", flat=True)
        return sum(open_lane(endpoint_id=pk) for pk in waiting[:500])


def _free(now: object) -> QuerySet[Endpoint]:
    rested = Q(paused_until__isnull=True) | Q(paused_until__lte=now)
    without_job = Q(lane_until__isnull=True) | Q(lane_until__lte=now)
    return Endpoint.objects.enabled().filter(rested, without_job).order_by()


def _next(endpoint_id: str) -> Delivery | None:
    """The oldest that is due, held for this worker; renews the lane's own hold along."""
    now = timezone.now()
    lane = Endpoint.objects.enabled().filter(pk=endpoint_id)
    resting = Q(paused_until__gt=now)
    if not lane.exclude(resting).update(lane_until=now + schedule.HOLD):
        return None
    rows = Delivery.objects.ready().filter(endpoint_id=endpoint_id)
    for pk in rows.order_by("due_at", "id").values_list("pk", flat=True)[:5]:
        if rows.filter(pk=pk).update(held_until=now + schedule.HOLD):
            return Delivery.objects.select_related("endpoint__tenant", "event").get(pk=pk)
    return None
