"""When jobs fail for good: noted by kind, and told to the operators when a kind is new or many
fail at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from apps.jobs import signals
from apps.jobs.models import Failure, JobRun

QUIET: Final = timedelta(days=7)
WINDOW: Final = timedelta(minutes=10)
AGAIN: Final = timedelta(hours=1)
# Of a task's runs that ended in the window: at least so many failed, and such a part of all.
FEW, PART = 5, 0.2


@dataclass(frozen=True)
class Alert:
    """`kind` is `new`, for one that has not been seen for a week, or `rate`."""

    kind: str
    name: str
    code: str
    failed: int
    ended: int
    detail: str
    run_id: str

    @property
    def sentence(self) -> str:
        if self.kind == "new":
            return f"{self.name} fails in a way not seen for a week: {self.code}."
        minutes = int(WINDOW.total_seconds() // 60)
        return f"{self.failed} of {self.ended} runs of {self.name} failed within {minutes} minutes."


def note(run: JobRun) -> None:
    """In the transaction that records a failure for good."""
    code, now = str((run.problem or {}).get("code", "unknown"))[:100], timezone.now()
    latest: dict[str, Any] = {
        "last_at": now, "last_run_id": run.pk,
        "detail": str((run.problem or {}).get("detail", ""))[:300],
    }  # fmt: skip
    found, is_new = Failure.objects.get_or_create(
        name=run.name, code=code, defaults={**latest, "count": 1}
    )
    if not is_new:
        is_new = found.last_at < now - QUIET
        fresh = {"since": now} if is_new else {}
        Failure.objects.filter(pk=found.pk).update(count=F("count") + 1, **latest, **fresh)
    if is_new and not found.is_muted:
        _tell(found, Alert("new", run.name, code, 1, 1, latest["detail"], str(run.pk)))


def watch() -> int:
    """Tell of tasks of which many fail; returns of how many. Each is told once an hour."""
    since = timezone.now() - WINDOW
    ended = JobRun.objects.work().filter(finished_at__gte=since).order_by().values("name")
    counted = ended.annotate(
        ended=Count("pk"), failed=Count("pk", filter=Q(state=JobRun.State.FAILED))
    ).filter(failed__gte=FEW)
    return sum(_told({**row}, since) for row in counted if row["failed"] >= PART * row["ended"])


@transaction.atomic
def mute(*, failure: Failure, until: datetime | None, by: Any) -> None:
    """Tell nobody of it until then; None lets it be told again."""
    Failure.objects.filter(pk=failure.pk).update(muted_until=until)
    signals.failure_muted.send(sender=Failure, failure=failure, until=until, by=by)


def _told(row: dict[str, Any], since: datetime) -> bool:
    with transaction.atomic():
        kinds = Failure.objects.select_for_update().filter(name=row["name"], last_at__gte=since)
        worst = kinds.order_by("-last_at").first()
        lately = kinds.filter(rate_told_at__gte=timezone.now() - AGAIN)
        if worst is None or worst.is_muted or lately.exists():
            return False
        kinds.filter(pk=worst.pk).update(rate_told_at=timezone.now())
        _tell(worst, Alert("rate", row["name"], worst.code, row["failed"], row["ended"],
                           worst.detail, str(worst.last_run_id)))  # fmt: skip
    return True


def _tell(failure: Failure, alert: Alert) -> None:
    Failure.objects.filter(pk=failure.pk).update(told_at=timezone.now())
    transaction.on_commit(lambda: signals.failures_told.send(sender=Failure, alert=alert))
