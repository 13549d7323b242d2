"""The console's jobs: what runs, what failed for good, and in which ways."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.core.operator_admin import Figure, ReadOnlyModelAdmin
from apps.jobs import console_dashboard
from apps.jobs.models import Failure, JobRun
from apps.jobs.services import failures, outcomes, replays
from apps.tenants.console import acting_operator
from apps.tenants.deeds import Deed, ReasonForm

SHOWN = 5
MOST_MEMBERS = 200


def _discard(*, run: JobRun, reason: str, by: Any) -> None:
    replays.discard(rows=JobRun.objects.filter(pk=run.pk), reason=reason, by=by)


DISCARD = Deed(
    "discard", "Discard",
    "These stay on record as failed and are dead letters no more. Running one again takes this "
    "back.",
    "{} is discarded.", _discard, ReasonForm, subject="run",
)  # fmt: skip
CANCEL = Deed(
    "cancel", "Cancel",
    "What has not begun never begins. What runs stops where its worker next reports; what ends "
    "before that has ended.",
    "{} is being cancelled.", outcomes.cancel, subject="run",
)  # fmt: skip


def _link(run: JobRun) -> SafeString:
    url = reverse("admin:jobs_jobrun_change", args=[run.pk])
    return format_html('<a href="{}">{}</a>', url, run.title)


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


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyModelAdmin):
    list_display = (
        "created_at", "name", "schema_name", "state", "progress", "attempts", "problem_code",
        "actor_label", "finished_at", "message",
    )  # fmt: skip
    list_filter = (DeadLetters, "state", "queue", "kind", "name", "created_at")
    search_fields = ("=id", "=parent__id", "schema_name", "name", "actor_label", "problem__code")
    # What a task names as private stays so.
    exclude = ("private_arguments", "sent_at", "parent")
    readonly_fields = ("part_of", "members")
    actions: ClassVar[list[Any]] = ["run_again", DISCARD.as_action(), CANCEL.as_action()]
    list_per_page = 50
    show_full_result_count = False

    def get_urls(self) -> list[URLPattern]:
        return [*console_dashboard.urls(self), *super().get_urls()]

    def figures(self) -> list[Figure]:
        waiting = JobRun.objects.work().unfinished().count()
        return [
            self.figure("Jobs under way", waiting),
            self.figure("Dead letters", JobRun.objects.dead().count(), "dead=yes", alarm=True),
        ]

    @admin.display(description="problem")
    def problem_code(self, run: JobRun) -> str:
        return str((run.problem or {}).get("code", ""))

    @admin.display(description="part of", empty_value="-")
    def part_of(self, run: JobRun) -> str | None:
        return _link(run.parent) if run.parent is not None else None

    @admin.display(description="members", empty_value="-")
    def members(self, run: JobRun) -> str | None:
        """Of a chain or group, in their order."""
        lines = [(m.stage, _link(m), m.state, (m.problem or {}).get("detail", ""))
                 for m in run.family[:MOST_MEMBERS]]  # fmt: skip
        return format_html_join("", "<p>{}. {} {} {}</p>", lines) or None

    @admin.action(description="Run again")
    def run_again(self, request: HttpRequest, chosen: QuerySet[JobRun]) -> None:
        rows = chosen.order_by("finished_at")
        count, refusals = replays.replay_all(rows=rows, by=acting_operator(request))
        if count:
            messages.success(request, f"{count} in the queue again.")
        for refusal in refusals[:SHOWN]:
            messages.error(request, refusal.detail)
        if len(refusals) > SHOWN:
            messages.error(request, f"{len(refusals) - SHOWN} more were not run again.")


@admin.register(Failure)
class FailureAdmin(ReadOnlyModelAdmin):
    """Ways in which tasks fail. Operators hear of a new one, and of many at once, by mail, and by a
    webhook of their own where one is set.
    """

    list_before_template = "operator/_failures.html"

    list_display = (
        "name", "code", "count", "since", "last_at", "detail", "told_at", "muted_until",
    )  # fmt: skip
    list_filter = ("name", "last_at")
    search_fields = ("name", "code", "detail")
    actions: ClassVar[list[Any]] = ["mute", "unmute"]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # Its name only: what follows may be a secret.
        host = urlsplit(settings.OPERATOR_WEBHOOK_URL).hostname
        return super().changelist_view(request, {"webhook": host, **(extra_context or {})})  # type: ignore[no-any-return]

    @admin.action(description="Tell nobody for a week")
    def mute(self, request: HttpRequest, chosen: QuerySet[Failure]) -> None:
        for failure in chosen:
            failures.mute(failure=failure, until=timezone.now() + timedelta(days=7))
        messages.success(request, "Nobody is told of these for a week.")

    @admin.action(description="Tell again")
    def unmute(self, request: HttpRequest, chosen: QuerySet[Failure]) -> None:
        for failure in chosen:
            failures.mute(failure=failure, until=None)
        messages.success(request, "These are told again.")
