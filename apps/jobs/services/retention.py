"""What ended long ago goes."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.jobs.models import Failure, JobRun, Worker

AT_ONCE = 1_000
WORKERS_KEPT = timedelta(days=1)


def forget() -> int:
    """Remove runs that ended long ago, but for dead letters, some at a time; returns how many."""
    before = timezone.now() - settings.JOBS_KEPT
    Failure.objects.filter(last_at__lt=before).delete()
    Worker.objects.filter(heartbeat_at__lt=timezone.now() - WORKERS_KEPT).delete()
    # Members go with their parent, and a parent stays for as long as one of them is a dead letter.
    dead = JobRun.objects.dead()
    old = JobRun.objects.filter(finished_at__lt=before, parent__isnull=True)
    old = old.exclude(Exists(dead.filter(Q(pk=OuterRef("pk")) | Q(parent=OuterRef("pk")))))
    old = old.order_by("finished_at")
    count = 0
    while keys := list(old.values_list("pk", flat=True)[:AT_ONCE]):
        count += JobRun.objects.filter(pk__in=keys).delete()[0]
    return count
