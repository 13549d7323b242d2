from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.core.outgoing import breaker_state
from apps.roblox.models import Release
from apps.roblox.services import deployments, experiences, guide
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest


@require_safe
@workspace_page("workspace.view")
def home(request: WorkspaceRequest) -> HttpResponse:
    context: dict[str, Any] = {
        "nav_active": "home",
        "members_count": request.tenant.memberships.count(),
        "releases_count": Release.objects.count(),
    }
    if "experiences.view" in request.can:
        context |= {
            "experiences": experiences.overview(),
            "deployments": deployments.history()[:8],
            "breaker": breaker_state("roblox"),
            "guide": guide.open_steps(permissions=request.can),
        }
    return render(request, "workspace/home.html", context)


@require_safe
@workspace_page("experiences.view")
def tour(request: WorkspaceRequest) -> HttpResponse:
    """Walks a newcomer from a release to production and back."""
    context = {"guide": guide.progress(permissions=request.can), "nav_active": "home"}
    return render(request, "workspace/guide.html", context)
