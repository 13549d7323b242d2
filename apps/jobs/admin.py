from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
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

from apps.core.operator_admin import moment
from apps.jobs.services import declarations, schedules
from apps.jobs.watch_models import ScheduleWatch

# By state of a schedule: a symbol of the console's font, and its colour; the words stand beside.
LOOKS = {
    "late": ("alarm", "text-red-600 dark:text-red-400 font-semibold"),
    "failed": ("error", "text-red-600 dark:text-red-400"),
    "running": ("autorenew", "text-primary-600 dark:text-primary-400"),
    "fine": ("check_circle", "text-green-700 dark:text-green-400"),
    "waiting": ("hourglass_empty", ""),
    "off": ("pause_circle", ""),
}


class TaskWidget(UnfoldAdminSelectWidget, TaskSelectWidget):  # type: ignore[misc]
    """celery-beat's list of known tasks in the console's dress."""


class ScheduleForm(PeriodicTaskForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskWidget()


@admin.register(PeriodicTask)
class ScheduleAdmin(PeriodicTaskAdmin, ModelAdmin):  # type: ignore[misc]
    """Each schedule of beat: last run, its outcome, the next run, and whether it is late."""

    form = ScheduleForm
    list_display = ("name", "standing", "often", "last_run", "outcome", "next_run", "on_miss")
    list_filter = ("enabled", "watch__outcome", "queue")
    date_hierarchy = None
    list_per_page = 100
    actions: ClassVar[list[str]] = [
        "run_tasks", "enable_tasks", "disable_tasks", "run_when_missed", "skip_when_missed",
        "follow_release",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[PeriodicTask]:
        rows: QuerySet[PeriodicTask] = super().get_queryset(request).select_related("watch")
        return rows

    @admin.display(description="late?")
    def standing(self, task: PeriodicTask) -> SafeString:
        found = schedules.standing(task)
        icon, colour = LOOKS[found.state]
        return format_html(
            '<span class="inline-flex items-center gap-1 {}"><span class="material-symbols-outlined'
            ' text-base" aria-hidden="true">{}</span>{}</span>', colour, icon, found.words,
        )  # fmt: skip

    @admin.display(description="how often")
    def often(self, task: PeriodicTask) -> str:
        edited = " (edited)" if declarations.is_edited(task) else ""
        return schedules.standing(task).often + edited

    @admin.display(description="last run", ordering="watch__started_at")
    def last_run(self, task: PeriodicTask) -> str:
        return moment(schedules.standing(task).started_at)

    @admin.display(description="outcome", ordering="watch__outcome")
    def outcome(self, task: PeriodicTask) -> str:
        return schedules.outcome_of(task)

    @admin.display(description="next run")
    def next_run(self, task: PeriodicTask) -> str:
        return moment(schedules.standing(task).next_at)

    @admin.display(description="when missed", ordering="watch__on_miss")
    def on_miss(self, task: PeriodicTask) -> str:
        return schedules.misses_of(task)

    @admin.action(description="When missed: run once")
    def run_when_missed(self, request: HttpRequest, chosen: QuerySet[PeriodicTask]) -> None:
        number = schedules.set_on_miss(
            tasks=chosen, on_miss=ScheduleWatch.OnMiss.RUN_ONCE, by=request.user
        )
        messages.success(request, f"{number} run once on beat's return when they were missed.")

    @admin.action(description="When missed: skip")
    def skip_when_missed(self, request: HttpRequest, chosen: QuerySet[PeriodicTask]) -> None:
        number = schedules.set_on_miss(
            tasks=chosen, on_miss=ScheduleWatch.OnMiss.SKIP, by=request.user
        )
        messages.success(request, f"{number} wait for their next time when they were missed.")

    @admin.action(description="Follow the release again")
    def follow_release(self, request: HttpRequest, chosen: QuerySet[PeriodicTask]) -> None:
        number = declarations.restore(tasks=chosen, by=request.user)
        messages.success(request, f"{number} are again as the release declares them.")


@admin.register(IntervalSchedule)
class IntervalAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ("__str__", "every", "period")


@admin.register(CrontabSchedule)
class CrontabAdmin(CrontabScheduleAdmin, ModelAdmin):  # type: ignore[misc]
    pass


@admin.register(ClockedSchedule)
class ClockedAdmin(ClockedScheduleAdmin, ModelAdmin):  # type: ignore[misc]
    pass
