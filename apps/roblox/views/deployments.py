from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.errors import Conflict
from apps.core.outgoing import breaker_state
from apps.jobs.models import JobRun
from apps.roblox.models import Deployment, Environment, Experience, Release
from apps.roblox.services import deployments, experiences, guide, releases
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest

PAGE = 30


@require_safe
@workspace_page("deployments.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    slug = request.GET.get("experience", "")
    filtered = experiences.find(slug=slug) if slug else None
    rows = deployments.history(experience=filtered)
    context = {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "filtered": filtered,
        "query": f"experience={slug}" if slug else "",
        "nav_active": "deployments",
    }
    return render(request, "workspace/deployment_list.html", context)


@require_safe
@workspace_page("deployments.view")
def detail(request: WorkspaceRequest, deployment_id: UUID) -> HttpResponse:
    return render(request, "workspace/deployment_detail.html", _context(request, deployment_id))


@require_safe
@workspace_page("deployments.view")
def progress(request: WorkspaceRequest, deployment_id: UUID) -> HttpResponse:
    """The part of the page that changes: swapped on each event, or polled."""
    return render(request, "workspace/_deployment.html", _context(request, deployment_id))


@require_http_methods(["GET", "POST"])
@workspace_page("deployments.view")
def new(request: WorkspaceRequest, slug: str, kind: str) -> HttpResponse:
    """Ask, then deploy to staging or promote to production; the services check the permission."""
    staging = kind == Environment.Kind.STAGING
    start = deployments.stage if staging else deployments.promote

    def begin(experience: Experience, version: str) -> Deployment:
        release = releases.find(experience=experience, version=version)
        return start(release=release, by=request.user)

    def offered(experience: Experience, environment: Environment) -> list[Release]:
        if staging:
            return deployments.stageable(environment=environment)
        return deployments.promotable(experience=experience)

    return _ask(request, slug, kind, "deploy" if staging else "promote", begin, offered)


@require_http_methods(["GET", "POST"])
@workspace_page("deployments.rollback")
def roll_back(request: WorkspaceRequest, slug: str, kind: str) -> HttpResponse:
    """Ask, then publish an earlier release again."""

    def begin(experience: Experience, version: str) -> Deployment:
        return deployments.roll_back(
            environment=experiences.find_environment(experience=experience, kind=kind),
            to=releases.find(experience=experience, version=version) if version else None,
            by=request.user,
        )

    def offered(_experience: Experience, environment: Environment) -> list[Release]:
        return deployments.rollback_targets(environment=environment)

    return _ask(request, slug, kind, "rollback", begin, offered)


def _ask(
    request: WorkspaceRequest,
    slug: str,
    kind: str,
    deed: str,
    begin: Callable[[Experience, str], Deployment],
    offered: Callable[[Experience, Environment], list[Release]],
) -> HttpResponse:
    experience = experiences.find(slug=slug)
    environment = experiences.find_environment(experience=experience, kind=kind)
    problem = None
    if request.method == "POST":
        try:
            return redirect(begin(experience, request.POST.get("release", "")))
        except Conflict as error:
            problem = error
    context = {
        "experience": experience,
        "environment": environment,
        "kind": deed,
        "releases": offered(experience, environment),
        "selected": request.POST.get("release") or request.GET.get("release", ""),
        "problem": problem,
        "nav_active": "experiences",
    }
    status = problem.status if problem else 200
    return render(request, "workspace/deployment_new.html", context, status=status)


def _context(request: WorkspaceRequest, deployment_id: UUID) -> dict[str, Any]:
    deployment = deployments.find(deployment_id=str(deployment_id))
    environment = deployment.environment
    again = "rollback" if deployment.kind == Deployment.Kind.ROLLBACK else "deployment_new"
    slug = environment.experience.slug
    return {
        "deployment": deployment,
        "steps": list(deployment.steps.all()),
        "retry_url": reverse(again, args=[slug, environment.kind]),
        "rollback_releases": deployments.rollback_targets(environment=environment),
        "whole": JobRun.objects.filter(members=deployment.run_id).first(),
        "breaker": breaker_state("roblox"),
        "channel": f"private-w-{request.tenant.schema_name}.deployment.{deployment.pk}",
        "fragment_url": reverse("deployment_progress", args=[deployment.pk]),
        "guide": guide.open_steps(permissions=request.can),
        "nav_active": "deployments",
    }
