from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django_celery_beat.admin import (
    ClockedScheduleAdmin,
    CrontabScheduleAdmin,
    PeriodicTaskAdmin,
    PeriodicTaskForm,
    TaskSelectWidget,
)
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
)
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.core.errors import DomainError
from apps.core.operator_admin import Figure, ReadOnlyModelAdmin
from apps.jobs.models import JobRun
from apps.jobs.services import replays


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyModelAdmin):
    list_display = (
        "created_at", "name", "schema_name", "state", "progress", "attempts", "actor_label",
        "finished_at", "message",
    )  # fmt: skip
    list_filter = ("state", "queue", "name", "created_at")
    search_fields = ("=id", "schema_name", "name", "actor_label")
    actions: ClassVar[list[str]] = ["run_again"]
    list_per_page = 50
    show_full_result_count = False

    def figures(self) -> list[Figure]:
        day = timezone.now() - timedelta(days=1)
        states = JobRun.State
        waiting = JobRun.objects.filter(state__in=[states.QUEUED, states.RUNNING]).count()
        failed = JobRun.objects.filter(state=states.FAILED, created_at__gte=day).count()
        return [
            self.figure("Jobs under way", waiting),
            self.figure("Jobs failed in a day", failed, "state__exact=failed", alarm=True),
        ]

    @admin.action(description="Run again")
    def run_again(self, request: HttpRequest, chosen: QuerySet[JobRun]) -> None:
        for run in chosen:
            try:
                replays.replay(run=run, by=request.user)
            except DomainError as error:
                messages.error(request, error.detail)
            else:
                messages.success(request, f"{run.name} is in its queue again.")


class TaskWidget(UnfoldAdminSelectWidget, TaskSelectWidget):  # type: ignore[misc]
    """celery-beat's list of known tasks in the console's dress."""


class ScheduleForm(PeriodicTaskForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskWidget()


@admin.register(PeriodicTask)
class ScheduleAdmin(PeriodicTaskAdmin, ModelAdmin):  # type: ignore[misc]
    form = ScheduleForm


@admin.register(IntervalSchedule)
class IntervalAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ("__str__", "every", "period")


@admin.register(CrontabSchedule)
class CrontabAdmin(CrontabScheduleAdmin, ModelAdmin):  # type: ignore[misc]
    pass


@admin.register(ClockedSchedule)
class ClockedAdmin(ClockedScheduleAdmin, ModelAdmin):  # type: ignore[misc]
    pass
