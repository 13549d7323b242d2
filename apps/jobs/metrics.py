"""How background work stands, for `/metrics`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.metrics_core import Metric

from apps.core import metrics
from apps.jobs.models import JobRun, Worker
from apps.jobs.services import lanes, schedules

DAY = timedelta(days=1)


def collect() -> Iterator[Metric]:
    """Open runs by queue and state, how long the oldest waits, and what failed in a day."""
    now = timezone.now()
    depth = metrics.gauge("jobs_open", "Jobs not yet ended.", ["queue", "state"])
    oldest = metrics.gauge(
        "jobs_oldest_due_seconds", "Since when the oldest waiting job of a queue is due.", ["queue"]
    )
    for row in _open():
        depth.add_metric([row["queue"], row["state"]], row["number"])
        if row["state"] == JobRun.State.QUEUED:
            waited = (now - row["first_due"]).total_seconds()
            oldest.add_metric([row["queue"]], max(0.0, waited))
    failed = metrics.gauge("jobs_failed_day", "Jobs that failed in the last day.", ["name"])
    rows = JobRun.objects.work().filter(state=JobRun.State.FAILED, finished_at__gte=now - DAY)
    for name, number in rows.order_by().values_list("name").annotate(Count("pk")):
        failed.add_metric([name], number)
    yield from (depth, oldest, _wait(), failed)
    yield from _schedules()
    yield from _workers()


def _wait() -> Metric:
    """What more workers would help against: not what a closed lane holds up."""
    wait = metrics.gauge(
        "jobs_wait_seconds", "How long the oldest job of a queue waits for a worker.", ["queue"]
    )
    rows = JobRun.objects.due().exclude(lane__in=lanes.closed()).order_by()
    first = dict(rows.values_list("queue").annotate(Min("due_at")))
    now = timezone.now()
    for queue in sorted({each.name for each in settings.CELERY_TASK_QUEUES} | set(first)):
        wait.add_metric([queue], (now - first.get(queue, now)).total_seconds())
    return wait


def _schedules() -> Iterator[Metric]:
    late = metrics.gauge("schedule_late", "1 where a schedule of beat is late.", ["schedule"])
    failed = metrics.gauge("schedule_failed", "1 where its last run failed.", ["schedule"])
    missed = metrics.counter("schedule_missed", "How often beat was not there.", ["schedule"])
    for one in schedules.overview():
        if one.state == "off" or one.watch is None:
            continue
        name, watch = [one.task.name], one.watch
        late.add_metric(name, one.is_late)
        failed.add_metric(name, watch.outcome == watch.Outcome.FAILED)
        missed.add_metric(name, watch.missed_count)
    yield from (late, failed, missed)


def _workers() -> Iterator[Metric]:
    here = metrics.gauge("workers", "Workers by what is heard of them.", ["state"])
    counts = Counter(worker.state for worker in Worker.objects.all())
    for state in ("here", "silent", "stopped"):
        here.add_metric([state], counts[state])
    yield here


def _open() -> Iterator[dict[str, Any]]:
    rows = JobRun.objects.work().unfinished().order_by().values("queue", "state")
    for row in rows.annotate(number=Count("pk"), first_due=Min("due_at")):
        yield {**row}
