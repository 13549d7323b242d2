"""The workspace's host: what it uses, how near its limits are."""

from __future__ import annotations

import csv

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest
from apps.usage import plots
from apps.usage.plans import LIMITS
from apps.usage.services import limits, series
from apps.usage.services.limits import State
from apps.usage.services.series import By


@require_safe
@workspace_page("usage.view")
def show(request: WorkspaceRequest) -> HttpResponse:
    by, states = _by(request), limits.of(request.tenant)
    found = series.of(request.tenant, by=by)
    context = {
        "nav_active": "settings",
        "plan": limits.plan_of(request.tenant),
        "pool": limits.pool_of(request.tenant),
        "states": states,
        "by": by,
        "plots": [plots.draw(s, by=by, limit=_limit(s.metric.name, by, states)) for s in found],
    }
    return render(request, "workspace/usage.html", context)


@require_safe
@workspace_page("usage.view")
def download(request: WorkspaceRequest) -> HttpResponse:
    """The same as CSV: a line for each day or month and metric."""
    by = _by(request)
    name = f"{request.tenant.slug}-usage-by-{by}.csv"
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    lines = csv.writer(response)
    lines.writerow([by, "metric", "unit", "amount"])
    for one in series.of(request.tenant, by=by):
        for point in one.points:
            amount = "" if point.amount is None else point.amount
            lines.writerow([point.start.isoformat(), one.metric.name, one.metric.unit, amount])
    return response


def _by(request: WorkspaceRequest) -> By:
    return "month" if request.GET.get("by") == "month" else "day"


def _limit(metric: str, by: By, states: list[State]) -> State | None:
    """The limit that can be compared with a bar: of what there is, or of the bar's own period."""
    keys = [v.key for v in LIMITS.values() if v.metric == metric and v.period in {"now", by}]
    return next((s for s in states if s.limit.key in keys and s.pool is None), None)
