from __future__ import annotations

import json
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_celery_beat.admin import ClockedScheduleAdmin, CrontabScheduleAdmin
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
)
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from apps.core.errors import DomainError
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


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg]
    task = forms.ChoiceField(widget=UnfoldAdminSelectWidget, help_text="What beat has workers do.")
    queue = forms.TypedChoiceField(
        widget=UnfoldAdminSelectWidget, required=False, empty_value=None,
        choices=[("", "the task's own")] + [(q.name, q.name) for q in settings.CELERY_TASK_QUEUES],
        help_text="Interactive work has workers of its own; bulk may wait.",
    )  # fmt: skip

    class Meta:
        model = PeriodicTask
        widgets: ClassVar[dict[str, Any]] = {
            name: UnfoldAdminTextareaWidget(attrs={"rows": 3})
            for name in ("description", "args", "kwargs")
        }
        fields = (
            "name", "task", "enabled", "description", "interval", "crontab", "clocked",
            "start_time", "one_off", "queue", "expire_seconds", "args", "kwargs",
        )  # fmt: skip
        labels: ClassVar[dict[str, str]] = {
            "enabled": "On", "interval": "Every", "crontab": "At times",
            "clocked": "Once, at", "start_time": "Not before", "one_off": "Only once",
            "expire_seconds": "Dropped after (seconds)", "args": "Positional arguments",
            "kwargs": "Keyword arguments",
        }  # fmt: skip
        help_texts: ClassVar[dict[str, str]] = {
            "name": "Each name once.",
            "enabled": "Beat sends it only while it is on.",
            "description": "For the next operator: what it is for, why it was changed.",
            "interval": "Choose one of these three and leave the others empty.",
            "crontab": "As in crontab, with its time zone.",
            "clocked": "For what is to run only once.",
            "start_time": "Empty: from now on.",
            "one_off": "It is switched off once it was sent.",
            "expire_seconds": "What no worker has begun by then is dropped; the next one follows.",
            "args": "As a JSON list.",
            "kwargs": "As a JSON object.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = {"", *schedules.tasks(), self.instance.task or ""}
        self.fields["task"].choices = [(name, name) for name in sorted(names)]  # type: ignore[attr-defined]

    def clean_args(self) -> str:
        return self._json("args", list, "Write a JSON list, as [1, 2].")

    def clean_kwargs(self) -> str:
        return self._json("kwargs", dict, 'Write a JSON object, as {"days": 3}.')

    def _json(self, name: str, kind: type, problem: str) -> str:
        text: str = self.cleaned_data[name]
        try:
            is_right = isinstance(json.loads(text), kind)
        except ValueError:
            is_right = False
        if not is_right:
            raise forms.ValidationError(problem)
        return text


class ScheduleList(ChangeList):
    """Late ones first, unless another order is asked for."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if ORDER_VAR not in self.params:
            self.result_list = sorted(
                self.result_list, key=lambda task: not schedules.standing(task).is_late
            )


@admin.register(PeriodicTask)
class ScheduleAdmin(ModelAdmin):  # type: ignore[misc]
    """Each schedule of beat: last run, its outcome, the next run, and whether it is late."""

    form = ScheduleForm
    fieldsets = (
        (None, {"fields": ("name", "task", "enabled", "description")}),
        ("When", {"fields": ("interval", "crontab", "clocked", "start_time", "one_off")}),
        ("How", {"fields": ("queue", "expire_seconds", "args", "kwargs")}),
    )
    list_display = ("name", "standing", "often", "last_run", "next_run", "on_miss")
    list_filter = ("enabled", "watch__outcome", "watch__on_miss", "queue")
    search_fields = ("name", "task", "description")
    ordering = ("name",)
    list_per_page = 100
    actions: ClassVar[list[str]] = [
        "run_now", "switch_on", "switch_off", "run_when_missed", "skip_when_missed",
        "follow_release",
    ]  # fmt: skip

    def get_changelist(self, request: HttpRequest, **_: Any) -> type[ChangeList]:  # noqa: ARG002
        return ScheduleList

    def get_queryset(self, request: HttpRequest) -> QuerySet[PeriodicTask]:
        rows: QuerySet[PeriodicTask] = super().get_queryset(request)
        return rows.select_related(*schedules.KINDS, "watch")

    def save_model(
        self,
        request: HttpRequest,
        obj: PeriodicTask,
        form: Any,
        change: bool,  # noqa: ARG002, FBT001
    ) -> None:
        changes = {name: str(form.cleaned_data[name]) for name in form.changed_data}
        schedules.save(task=obj, changes=changes, by=request.user)

    def delete_model(self, request: HttpRequest, obj: PeriodicTask) -> None:
        schedules.remove(task=obj, by=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        for task in queryset:
            schedules.remove(task=task, by=request.user)

    @admin.display(description="late?")
    def standing(self, task: PeriodicTask) -> SafeString:
        found = schedules.standing(task)
        icon, colour = LOOKS[found.state]
        word, _, why = found.words.partition(": ")
        word = "running" if found.state == "running" else word
        # A sentence may take several lines; a word or two stay on one.
        return format_html(
            '<span class="inline-flex items-center gap-1 whitespace-nowrap {}">'
            '<span class="material-symbols-outlined text-base" aria-hidden="true">{}</span>'
            "{}</span>{}",
            colour,
            icon,
            word,
            _below(why),
        )

    @admin.display(description="how often")
    def often(self, task: PeriodicTask) -> SafeString:
        often = schedules.standing(task).often
        edited = format_html('<span class="block text-xs">{}</span>', "edited")
        return format_html(
            '<span class="whitespace-nowrap">{}</span>{}', often,
            edited if declarations.is_edited(task) else "",
        )  # fmt: skip

    @admin.display(description="last run, UTC", ordering="watch__started_at")
    def last_run(self, task: PeriodicTask) -> SafeString:
        outcome = schedules.outcome_of(task)
        return _moment(schedules.standing(task).started_at, outcome if outcome != "-" else "")

    @admin.display(description="next run, UTC")
    def next_run(self, task: PeriodicTask) -> SafeString:
        return _moment(schedules.standing(task).next_at)

    @admin.display(description="when missed", ordering="watch__on_miss")
    def on_miss(self, task: PeriodicTask) -> SafeString:
        policy, _, missed = schedules.misses_of(task).partition("; ")
        return format_html('<span class="whitespace-nowrap">{}</span>{}', policy, _below(missed))

    @admin.action(description="Run now")
    def run_now(self, request: HttpRequest, chosen: QuerySet[PeriodicTask]) -> None:
        try:
            number = schedules.run_now(tasks=chosen, by=request.user)
        except DomainError as error:
            messages.error(request, error.detail)
        else:
            messages.success(request, f"{number} sent to the workers.")

    @admin.action(description="Switch on")
    def switch_on(self, request: HttpRequest, chosen: QuerySet[PeriodicTask]) -> None:
        number = schedules.switch(tasks=chosen, on=True, by=request.user)
        messages.success(request, f"{number} switched on.")

    @admin.action(description="Switch off")
    def switch_off(self, request: HttpRequest, chosen: QuerySet[PeriodicTask]) -> None:
        number = schedules.switch(tasks=chosen, on=False, by=request.user)
        messages.success(request, f"{number} switched off: beat does not send them any more.")

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


def _moment(at: datetime | None, below: str = "") -> SafeString:
    """To the second: some run every two of them."""
    words = f"{at:%-d %b, %H:%M:%S}" if at else "-"
    return format_html('<span class="whitespace-nowrap">{}</span>{}', words, _below(below))


def _below(words: str) -> SafeString | str:
    """A sentence in small under the word it explains; it may take several lines."""
    return format_html('<span class="block text-xs w-40">{}</span>', words) if words else ""


@admin.register(IntervalSchedule)
class IntervalAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ("__str__", "every", "period")


@admin.register(CrontabSchedule)
class CrontabAdmin(CrontabScheduleAdmin, ModelAdmin):  # type: ignore[misc]
    pass


@admin.register(ClockedSchedule)
class ClockedAdmin(ClockedScheduleAdmin, ModelAdmin):  # type: ignore[misc]
    pass
