from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.core.outgoing import breaker_state
from apps.roblox.models import DeploymentStep
from apps.roblox.services import deployments, experiences, releases
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest

PAGE = 30


@require_safe
@workspace_page("deployments.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    page = Paginator(deployments.history(), PAGE).get_page(request.GET.get("page"))
    context = {"deployments": page.object_list, "page": page, "nav_active": "deployments"}
    return render(request, "workspace/deployments.html", context)


@require_safe
@workspace_page("deployments.view")
def detail(request: WorkspaceRequest, deployment_id: UUID) -> HttpResponse:
    return render(request, "workspace/deployment.html", _context(request, deployment_id))


@require_safe
@workspace_page("deployments.view")
def progress(request: WorkspaceRequest, deployment_id: UUID) -> HttpResponse:
    """The part of the page that changes: swapped on each event, or polled."""
    return render(request, "workspace/_deployment.html", _context(request, deployment_id))


@require_POST
@workspace_page("deployments.rollback")
def roll_back(request: WorkspaceRequest, slug: str, kind: str) -> HttpResponse:
    experience = experiences.find(slug=slug)
    version = request.POST.get("version", "")
    deployment = deployments.roll_back(
        environment=experiences.find_environment(experience=experience, kind=kind),
        to=releases.find(experience=experience, version=version) if version else None,
        by=request.user,
    )
    return redirect(deployment)


def _context(request: WorkspaceRequest, deployment_id: UUID) -> dict[str, Any]:
    deployment = deployments.find(deployment_id=str(deployment_id))
    steps = list(deployment.steps.all())
    finished = (DeploymentStep.State.SUCCEEDED, DeploymentStep.State.SKIPPED)
    done = sum(step.state in finished for step in steps)
    return {
        "deployment": deployment,
        "experience": deployment.release.experience,
        "steps": steps,
        "percent": 100 * done // max(1, len(steps)),
        "breaker": breaker_state("roblox"),
        "channel": f"private-w-{request.tenant.schema_name}.deployment.{deployment.pk}",
        "nav_active": "deployments",
    }
