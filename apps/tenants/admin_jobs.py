"""The console's jobs: what runs, what failed for good, and in which ways."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from apps.core.operator_admin import DetailedModelAdmin, Figure, ReadOnlyModelAdmin, moment, tones
from apps.jobs import charts, console_dashboard
from apps.jobs.models import Failure, JobRun, titles
from apps.jobs.services import failures, outcomes, replays
from apps.tenants.console import acting_operator
from apps.tenants.deeds import Deed, ReasonForm, say

MOST_MEMBERS = 100
TONES = tones({
    JobRun.State.RUNNING: "info", JobRun.State.SUCCEEDED: "success", JobRun.State.FAILED: "danger",
    JobRun.State.CANCELLED: "warning",
})  # fmt: skip


def _discard(*, run: JobRun, reason: str, by: Any) -> None:
    replays.discard(rows=JobRun.objects.filter(pk=run.pk), reason=reason, by=by)


def _describe(run: JobRun) -> str:
    return f"{run.title}, {run.schema_name}: {run.get_state_display().lower()}"


DISCARD = Deed(
    "discard", "Discard",
    "These stay on record as failed and are dead letters no more. Running one again takes this "
    "back.",
    "{} is discarded.", _discard, ReasonForm, subject="run", describe=_describe,
)  # fmt: skip
CANCEL = Deed(
    "cancel", "Cancel",
    "What has not begun never begins. What runs stops where its worker next reports; what ends "
    "before that has ended.",
    "{} is being cancelled.", outcomes.cancel, subject="run", describe=_describe,
)  # fmt: skip


def _address(**query: str) -> str:
    return f"{reverse('admin:jobs_jobrun_changelist')}?{urlencode(query)}"


def _task(name: str, title: str) -> SafeString:
    below = format_html('<span class="block text-xs font-normal">{}</span>', name)
    return format_html("{}{}", title, below if title != name else "")


class DeadLetters(admin.SimpleListFilter):
    title = "dead letters"
    parameter_name = "dead"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        return [("yes", "To be decided"), ("discarded", "Discarded")]

    def queryset(self, _: HttpRequest, rows: QuerySet[JobRun]) -> QuerySet[JobRun]:
        dead = JobRun.objects.dead().values("pk")
        if self.value() == "yes":
            return rows.filter(pk__in=dead)
        return rows.exclude(discarded_at=None) if self.value() == "discarded" else rows


class OfTask(admin.SimpleListFilter):
    """By what tasks there are, not by what a million rows hold."""

    title, parameter_name = "task", "name"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        return sorted(titles().items(), key=lambda pair: pair[1].lower())

    def queryset(self, _: HttpRequest, rows: QuerySet[JobRun]) -> QuerySet[JobRun]:
        return rows.filter(name=self.value()) if self.value() else rows


class OfProblem(admin.SimpleListFilter):
    title, parameter_name = "problem", "problem"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        codes = Failure.objects.order_by("code").values_list("code", flat=True).distinct()
        return [(code, code) for code in codes]

    def queryset(self, _: HttpRequest, rows: QuerySet[JobRun]) -> QuerySet[JobRun]:
        return rows.filter(problem__code=self.value()) if self.value() else rows


@admin.register(JobRun)
class JobRunAdmin(DetailedModelAdmin):
    list_display = (
        "task", "schema_name", "shown_state", "shown_attempts", "problem_code", "asked_by",
        "created_at", "took", "message",
    )  # fmt: skip
    list_filter = (DeadLetters, "state", OfTask, OfProblem, "queue", "kind", "created_at")
    search_fields = ("=id", "=parent__id", "schema_name", "name", "actor_label", "problem__code")
    change_form_outer_before_template = "operator/_job_run.html"
    # What a task names as private is in none of these.
    fieldsets = (
        ("What", {"fields": (
            "id", "name", "schema_name", "queue", "lane", "kind", "stage", "label", "asked_by",
            "actor_id", "arguments", "idempotency_key", "unique_key", "trace_id",
        )}),
        ("How it went", {"fields": (
            "shown_state", "shown_attempts", "progress", "result", "worker", "created_at", "due_at",
            "started_at", "heartbeat_at", "finished_at", "took",
        )}),
    )  # fmt: skip
    readonly_fields = ("id", "asked_by", "shown_state", "shown_attempts", "took")
    actions: ClassVar[list[Any]] = ["run_again", DISCARD.as_action(), CANCEL.as_action()]
    list_per_page = 50
    # Counting a million rows for a title, or for each filter, is nothing to wait for.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def get_queryset(self, request: HttpRequest) -> QuerySet[JobRun]:
        rows: QuerySet[JobRun] = super().get_queryset(request)
        return rows.select_related("parent").defer("private_arguments")

    def details(self, request: HttpRequest, row: JobRun) -> dict[str, Any]:  # noqa: ARG002
        members = list(row.family[:MOST_MEMBERS]) if row.kind else []
        code = str((row.problem or {}).get("code", ""))
        return {
            "run": row,
            "deeds": _deeds_of(row),
            "took": self.took(row),
            "alike": _address(dead="yes", name=row.name, problem=code) if row.is_dead else "",
            "members": members,
            "more": row.family.count() - len(members) if members else 0,
        }

    def get_urls(self) -> list[URLPattern]:
        return [*console_dashboard.urls(self), *super().get_urls()]

    def figures(self) -> list[Figure]:
        waiting = JobRun.objects.work().unfinished().count()
        return [
            self.figure("Jobs under way", waiting),
            self.figure("Dead letters", JobRun.objects.dead().count(), "dead=yes", alarm=True),
        ]

    @admin.display(description="task", ordering="name")
    def task(self, run: JobRun) -> SafeString:
        return _task(run.name, run.title)

    @display(description="state", ordering="state", label=TONES)  # type: ignore[untyped-decorator]
    def shown_state(self, run: JobRun) -> str:
        return run.get_state_display()

    @admin.display(description="attempts", ordering="attempts")
    def shown_attempts(self, run: JobRun) -> str:
        return "-" if run.kind else f"{run.attempts} of {run.max_attempts}"

    @admin.display(description="problem")
    def problem_code(self, run: JobRun) -> str:
        return str((run.problem or {}).get("code", ""))

    @admin.display(description="asked for by", ordering="actor_label")
    def asked_by(self, run: JobRun) -> str:
        return run.requested_by or "the system"

    @admin.display(description="took")
    def took(self, run: JobRun) -> SafeString:
        """The last attempt, or until now."""
        words = "-" if run.run_seconds is None else charts.seconds(run.run_seconds)
        return format_html('<span class="whitespace-nowrap">{}</span>', words)

    @admin.action(description="Run again")
    def run_again(self, request: HttpRequest, chosen: QuerySet[JobRun]) -> None:
        rows = chosen.order_by("finished_at")
        count, refusals = replays.replay_all(rows=rows, by=acting_operator(request))
        if count:
            messages.success(request, f"{count} in the queue again.")
        say(request, messages.ERROR, [refusal.detail for refusal in refusals])


def _deeds_of(run: JobRun) -> list[tuple[str, str]]:
    """Names of actions that would not be refused, and what their buttons say."""
    found = [("run_again", "Run again")] if run.state in JobRun.UNDONE else []
    if run.is_dead:
        found.append((DISCARD.name, f"{DISCARD.title}…"))
    if run.is_cancellable:
        found.append((CANCEL.name, f"{CANCEL.title}…"))
    return found


@admin.register(Failure)
class FailureAdmin(ReadOnlyModelAdmin):
    """Ways in which tasks fail. Operators hear of a new one, and of many at once, by mail, and by a
    webhook of their own where one is set.
    """

    list_before_template = "operator/_failures.html"

    list_display = (
        "task", "code", "count", "since", "last_at", "detail", "letters", "told_at", "muted_until",
    )  # fmt: skip
    list_filter = ("name", "last_at")
    search_fields = ("name", "code", "detail")
    fields = (
        "name", "code", "count", "detail", "first_at", "since", "last_at", "last_run", "letters",
        "told_at", "rate_told_at", "muted_until",
    )  # fmt: skip
    readonly_fields = ("last_run", "letters")
    actions: ClassVar[list[Any]] = ["mute", "unmute"]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # Its name only: what follows may be a secret.
        host = urlsplit(settings.OPERATOR_WEBHOOK_URL).hostname
        return super().changelist_view(request, {"webhook": host, **(extra_context or {})})  # type: ignore[no-any-return]

    @admin.display(description="task", ordering="name")
    def task(self, failure: Failure) -> SafeString:
        return _task(failure.name, titles().get(failure.name, failure.name))

    @admin.display(description="dead letters")
    def letters(self, failure: Failure) -> SafeString:
        address = _address(dead="yes", name=failure.name, problem=failure.code)
        return format_html('<a href="{}">Show</a>', address)

    @admin.display(description="last run")
    def last_run(self, failure: Failure) -> SafeString | str:
        """It may be gone: a way to fail is kept for as long as its last."""
        pk = failure.last_run_id
        if pk is None or not JobRun.objects.filter(pk=pk).exists():
            return "-"
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:jobs_jobrun_change", args=[pk]), pk
        )

    @admin.action(description="Tell nobody for a week")
    def mute(self, request: HttpRequest, chosen: QuerySet[Failure]) -> None:
        until = timezone.now() + timedelta(days=7)
        for failure in chosen:
            failures.mute(failure=failure, until=until, by=acting_operator(request))
        messages.success(request, f"Nobody is told of these until {moment(until)}.")

    @admin.action(description="Tell again")
    def unmute(self, request: HttpRequest, chosen: QuerySet[Failure]) -> None:
        for failure in chosen:
            failures.mute(failure=failure, until=None, by=acting_operator(request))
        messages.success(request, "These are told again.")
