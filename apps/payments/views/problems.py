"""The workspace's host: what is unpaid, what follows, and what to do about it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.payments.services import accounts, dunning_timeline
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest


@require_safe
@workspace_page("billing.view")
def show(request: WorkspaceRequest) -> HttpResponse:
    found = dunning_timeline.of(accounts.of(request.tenant))
    context = {
        "nav_active": "settings",
        "cases": [
            (case, dunning_timeline.entries(case), dunning_timeline.advice(case)) for case in found
        ],
        "anything_open": any(case.ended_at is None for case in found),
    }
    return render(request, "workspace/billing/problems.html", context)
