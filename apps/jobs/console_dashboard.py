"""The console's page of queues and workers: how they went over a while, and how they stand."""

from __future__ import annotations

from typing import Any

from celery import current_app
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST, require_safe

from apps.core.errors import DomainError
from apps.jobs import charts
from apps.jobs.services import lanes, schedules, statistics, workers
from apps.jobs.services.statistics import PERIODS, Period, Report

DEFAULT = "1h"


def urls(page: Any) -> list[URLPattern]:
    """`page`: the console's of jobs, whose permission this takes."""

    def show(request: HttpRequest) -> HttpResponse:
        if not page.has_view_permission(request):
            raise PermissionDenied
        return _show(request, page)

    def open_lane(request: HttpRequest) -> HttpResponse:
        if not page.has_view_permission(request):
            raise PermissionDenied
        return _open_lane(request)

    guard = page.admin_site.admin_view
    return [
        path("dashboard/", guard(require_safe(show)), name="jobs_dashboard"),
        path("dashboard/lanes/open/", guard(require_POST(open_lane)), name="jobs_lane_open"),
    ]


def _open_lane(request: HttpRequest) -> HttpResponse:
    lane, period = request.POST.get("lane", ""), request.POST.get("period", "")
    try:
        done = lanes.open_again(lane, by=request.user)
    except DomainError as error:
        messages.error(request, error.detail)
    else:
        said = "is open again; the vendor's own limit still holds." if done else "was not closed."
        messages.success(request, f"{lane} {said}")
    key = period if period in PERIODS else DEFAULT
    return redirect(f"{reverse('admin:jobs_dashboard')}?period={key}")


def _show(request: HttpRequest, page: Any) -> HttpResponse:
    """`?period=` is a key of `PERIODS`, anything else the first; `?part=1` gives what is drawn
    again without the page around it.
    """
    period = PERIODS.get(request.GET.get("period", ""), PERIODS[DEFAULT])
    context = {"periods": list(PERIODS.values()), **_board(period)}
    if request.GET.get("part"):
        return TemplateResponse(request, "operator/_jobs_board.html", context)
    context |= {**page.admin_site.each_context(request), "title": "Queues and workers"}
    return TemplateResponse(request, "operator/jobs_dashboard.html", context)


def _board(period: Period) -> dict[str, Any]:
    late = [one for one in schedules.overview() if one.is_late]
    board: dict[str, Any] = {"period": period, "workers": workers.overview(), "late": late}
    try:
        report = statistics.report(period)
    except statistics.TooMuchToDraw as refusal:
        return {**board, "refusal": refusal}
    return {
        **board,
        "report": report,
        "queues": [charts.of(group, period) for group in report.queues],
        "lanes": [charts.of(group, period) for group in report.lanes],
        "tasks": [_task(task) for task in report.tasks],
        "figures": _figures(report, board["workers"], len(late)),
    }


def _figures(report: Report, standings: list[workers.Standing], late: int) -> list[dict[str, Any]]:
    total, now = report.total, report.now
    here = sum(one.worker.state == "here" for one in standings)
    silent = sum(one.worker.state == "silent" for one in standings)
    oldest, runs = now.oldest_seconds, reverse("admin:jobs_jobrun_changelist")
    return [
        {"label": "Ended", "value": f"{total.ended:,}"},
        {"label": "Failed for good", "value": f"{total.failed:,}", "alarming": total.failed > 0,
         "note": f"{total.failed_percent:.1f} % of what ended" if total.failed else "",
         "url": f"{runs}?dead=yes"},
        {"label": "19 of 20 waited at most", "value": charts.seconds(total.wait_p95),
         "note": f"half {charts.seconds(total.wait_p50)}"},
        {"label": "Waiting now", "value": f"{now.waiting:,}",
         "note": f"the oldest for {charts.seconds(oldest)}" if oldest is not None else "",
         "url": f"{runs}?state__exact=queued"},
        {"label": "Running now", "value": f"{now.running:,}",
         "url": f"{runs}?state__exact=running"},
        {"label": "Workers here", "value": f"{here:,}", "alarming": not here or silent > 0,
         "note": f"{silent} silent" if silent else "", "url": "#workers"},
        {"label": "Schedules late", "value": f"{late:,}", "alarming": late > 0,
         "url": reverse("admin:django_celery_beat_periodictask_changelist")},
    ]  # fmt: skip


def _task(task: statistics.Task) -> dict[str, Any]:
    known = current_app.tasks.get(task.name)
    return {
        "name": task.name, "title": getattr(known, "title", "") or task.name, "ended": task.ended,
        "failed": task.failed, "run_p50": charts.seconds(task.run_p50),
        "run_p95": charts.seconds(task.run_p95),
    }  # fmt: skip
