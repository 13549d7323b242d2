"""Beat as the product runs it: `celery -A config beat`.

On top of django-celery-beat's scheduler it leaves alone what operators edited, notes each sending
at once, and does with what was missed what the schedule says (`ScheduleWatch.on_miss`).
"""

from __future__ import annotations

from typing import Any

import structlog
from celery.schedules import schedstate
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

from apps.jobs.services import declarations, schedules
from apps.jobs.watch_models import ScheduleWatch

log = structlog.get_logger(__name__)


class Entry(ModelEntry):  # type: ignore[misc]
    def __init__(self, model: PeriodicTask, app: Any = None) -> None:
        # The class above puts a date there; what was never sent was never missed.
        self.was_sent = model.last_run_at is not None
        super().__init__(model, app=app)

    def is_due(self) -> schedstate:
        """Of what was missed, once is due; or nothing, where its policy is to skip."""
        state: schedstate = super().is_due()
        if not (state.is_due and self.was_sent):
            return state
        due = schedules.due_at(self.model, since=self.last_run_at)
        if timezone.now() <= due + schedules.grace(self.model):
            return state
        watch = getattr(self.model, "watch", None)
        skipped = watch is not None and watch.on_miss == ScheduleWatch.OnMiss.SKIP
        if schedules.note_missed(task=self.model, due=due, skipped=skipped):
            log.warning("schedule_missed", schedule=self.name, due=str(due), skipped=skipped)
        return self._skip() if skipped else state

    def _skip(self) -> schedstate:
        self.last_run_at = self.model.last_run_at = timezone.now()
        self.save()
        state: schedstate = super().is_due()
        return state

    def save(self) -> None:
        """Beat's own columns only: an operator may be editing the others."""
        sent = {"last_run_at": self.model.last_run_at,
                "total_run_count": self.model.total_run_count}  # fmt: skip
        PeriodicTask.objects.filter(pk=self.model.pk, enabled=True).update(**sent)


class Scheduler(DatabaseScheduler):  # type: ignore[misc]
    Entry = Entry

    def setup_schedule(self) -> None:
        """The rows are read at the first tick."""
        declarations.install(entries=self.app.conf.beat_schedule)

    def enabled_models_qs(self) -> Any:
        """All of them: what was missed at an hour long past is due now."""
        return PeriodicTask.objects.enabled().select_related(*schedules.KINDS, "watch")
