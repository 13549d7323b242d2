from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.core.outgoing import breaker_state
from apps.roblox.models import Deployment, Environment, Experience, Release
from apps.roblox.services import deployments
from apps.roblox.services import guide as guides
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest


@require_safe
@workspace_page("workspace.view")
def home(request: WorkspaceRequest) -> HttpResponse:
    context: dict[str, Any] = {"nav_active": "home"}
    if "experiences.view" in request.can:
        rows = Experience.objects.prefetch_related(
            Prefetch("environments", Environment.objects.with_live())
        )
        context |= {
            "experiences": rows,
            "deployments": deployments.history()[:8],
            "release_count": Release.objects.count(),
            "deployment_count": Deployment.objects.count(),
            "member_count": request.tenant.memberships.count(),
            "breaker": breaker_state("roblox"),
            "guide": guides.progress(),
        }
    return render(request, "workspace/home.html", context)


@require_safe
@workspace_page("experiences.view")
def guide(request: WorkspaceRequest) -> HttpResponse:
    """Walks a newcomer from a release to production and back."""
    return render(
        request, "workspace/guide.html", {"guide": guides.progress(), "nav_active": "home"}
    )
