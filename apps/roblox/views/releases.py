from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.errors import DomainError
from apps.roblox.api.views import download
from apps.roblox.errors import VersionTaken
from apps.roblox.forms import ReleaseForm
from apps.roblox.models import Experience, Release
from apps.roblox.open_cloud_api import LARGEST_PLACE
from apps.roblox.services import deployments, experiences, releases
from apps.tenants.access import permissions_of
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest

PAGE = 30


@require_safe
@workspace_page("releases.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    rows = Release.objects.select_related("experience", "artifact__blob").defer("artifact__tree")
    slug = request.GET.get("experience", "")
    filtered = experiences.find(slug=slug) if slug else None
    if filtered:
        rows = rows.filter(experience=filtered)
    context = {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "filtered": filtered,
        "query": f"experience={slug}" if slug else "",
        "nav_active": "releases",
    }
    return render(request, "workspace/release_list.html", context)


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
        "max_bytes": LARGEST_PLACE,
        "may_stage": "deployments.stage" in permissions_of(request.user)
        and experiences.find_environment(experience=experience, kind="staging").is_ready,
        "nav_active": "experiences",
    }
    status = 422 if form.errors else 200
    return render(request, "workspace/release_form.html", context, status=status)


@require_safe
@workspace_page("releases.view")
def detail(request: WorkspaceRequest, slug: str, version: str) -> HttpResponse:
    return render(request, "workspace/release_detail.html", _context(request, slug, version))


@require_safe
@workspace_page("releases.view")
def state(request: WorkspaceRequest, slug: str, version: str) -> HttpResponse:
    """The parts of the page that change while the scan runs."""
    return render(request, "workspace/_release_state.html", _context(request, slug, version))


@require_safe
@workspace_page("releases.view")
def artifact(request: WorkspaceRequest, slug: str, version: str) -> HttpResponse:  # noqa: ARG001
    return download(releases.find(experience=experiences.find(slug=slug), version=version))


@require_http_methods(["GET", "POST"])
@workspace_page("releases.withdraw")
def withdraw(request: WorkspaceRequest, slug: str, version: str) -> HttpResponse:
    release = releases.find(experience=experiences.find(slug=slug), version=version)
    if request.method == "POST":
        releases.withdraw(release=release, by=request.user)
        messages.success(request, f"{version} is withdrawn.")
        return redirect(release)
    context = {"release": release, "nav_active": "releases"}
    return render(request, "workspace/release_withdraw.html", context)


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
            stage=form.cleaned_data["stage"],
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
    live_on = {
        kind
        for kind, environment in environments.items()
        if environment.live_deployment and environment.live_deployment.release_id == release.pk
    }
    return {
        "experience": experience,
        "release": release,
        "artifact": release.artifact,
        "tree": release.artifact.tree,
        "findings": list(release.findings.all()),
        "deployments": release.deployments.select_related(
            "environment__experience", "release__experience"
        )[:20],
        "may_stage": release.is_deployable and "staging" not in live_on,
        "may_promote": release.is_deployable
        and "staging" in live_on
        and "production" not in live_on,
        "rollback_environments": [
            environment
            for environment in environments.values()
            if release in deployments.rollback_targets(environment=environment)
        ],
        "channel": f"private-w-{request.tenant.schema_name}.release.{release.pk}",
        "fragment_url": reverse("release_state", args=[slug, version]),
        "nav_active": "releases",
    }
