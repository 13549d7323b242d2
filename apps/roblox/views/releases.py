from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import DomainError
from apps.roblox.api.views import download
from apps.roblox.errors import VersionTaken
from apps.roblox.forms import ReleaseForm
from apps.roblox.models import Experience, Release
from apps.roblox.services import deployments, experiences, releases
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest

PAGE = 30


@require_safe
@workspace_page("releases.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    rows = Release.objects.select_related("experience", "artifact__blob").defer("artifact__tree")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {"releases": page.object_list, "page": page, "nav_active": "releases"}
    return render(request, "workspace/releases.html", context)


@require_http_methods(["GET", "POST"])
@workspace_page("releases.create")
def new(request: WorkspaceRequest, slug: str) -> HttpResponse:
    experience = experiences.find(slug=slug)
    latest = experience.releases.newest_version_first().first()
    form = ReleaseForm(
        request.POST or None, request.FILES or None, initial={"version": suggest_version(latest)}
    )
    if request.method == "POST" and form.is_valid():
        release = _create(request, experience, form)
        if release is not None:
            return redirect(release)
    context = {
        "experience": experience,
        "form": form,
        "latest": latest,
        "nav_active": "releases",
    }
    status = 422 if form.errors else 200
    return render(request, "workspace/release_new.html", context, status=status)


@require_safe
@workspace_page("releases.view")
def detail(request: WorkspaceRequest, slug: str, version: str) -> HttpResponse:
    return render(request, "workspace/release.html", _context(request, slug, version))


@require_safe
@workspace_page("releases.view")
def state(request: WorkspaceRequest, slug: str, version: str) -> HttpResponse:
    """The part of the page that changes while the scan runs."""
    return render(request, "workspace/_release_state.html", _context(request, slug, version))


@require_safe
@workspace_page("releases.view")
def artifact(request: WorkspaceRequest, slug: str, version: str) -> HttpResponse:  # noqa: ARG001
    return download(releases.find(experience=experiences.find(slug=slug), version=version))


@require_POST
@workspace_page("deployments.stage")
def deploy(request: WorkspaceRequest, slug: str, version: str) -> HttpResponse:
    release = releases.find(experience=experiences.find(slug=slug), version=version)
    return redirect(deployments.stage(release=release, by=request.user))


@require_POST
@workspace_page("deployments.promote")
def promote(request: WorkspaceRequest, slug: str, version: str) -> HttpResponse:
    release = releases.find(experience=experiences.find(slug=slug), version=version)
    return redirect(deployments.promote(release=release, by=request.user))


@require_POST
@workspace_page("releases.withdraw")
def withdraw(request: WorkspaceRequest, slug: str, version: str) -> HttpResponse:
    release = releases.find(experience=experiences.find(slug=slug), version=version)
    releases.withdraw(release=release, by=request.user)
    messages.success(request, f"{version} is withdrawn.")
    return redirect(release)


def suggest_version(latest: Release | None) -> str:
    """The next minor version, or the first."""
    return f"{latest.major}.{latest.minor + 1}.0" if latest else "1.0.0"


def _create(request: WorkspaceRequest, experience: Experience, form: ReleaseForm) -> Release | None:
    file = form.cleaned_data["file"]
    try:
        return releases.create(
            experience=experience,
            version=form.cleaned_data["version"],
            notes=form.cleaned_data["notes"],
            content=file.read(),
            filename=file.name,
            by=request.user,
        )
    except VersionTaken as error:
        form.refuse(error, "version")
    except DomainError as error:
        form.refuse(error, "file")
    return None


def _context(request: WorkspaceRequest, slug: str, version: str) -> dict[str, Any]:
    experience = experiences.find(slug=slug)
    release = releases.find(experience=experience, version=version)
    environments = {e.kind: e for e in experience.environments.with_live()}
    live_on = [
        kind
        for kind, env in environments.items()
        if env.live_deployment and env.live_deployment.release_id == release.pk
    ]
    return {
        "experience": experience,
        "release": release,
        "findings": list(release.findings.all()),
        "deployments": release.deployments.select_related("environment")[:20],
        "live_on": live_on,
        "staging": environments["staging"],
        "production": environments["production"],
        "can_promote": release.is_deployable and "staging" in live_on,
        "channel": f"private-w-{request.tenant.schema_name}",
        "nav_active": "releases",
    }
