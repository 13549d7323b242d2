from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.errors import DomainError, Invalid
from apps.core.outgoing import breaker_state
from apps.roblox.forms import EnvironmentForm, ExperienceForm, RenameForm
from apps.roblox.services import deployments, experiences
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest


@require_safe
@workspace_page("experiences.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    context = {"experiences": experiences.overview(), "nav_active": "experiences"}
    return render(request, "workspace/experience_list.html", context)


@require_http_methods(["GET", "POST"])
@workspace_page("experiences.create")
def new(request: WorkspaceRequest) -> HttpResponse:
    form = ExperienceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            experience = experiences.create(by=request.user, **form.cleaned_data)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, "Now give staging its place and key.")
            return redirect(experience)
    status = 422 if form.errors else 200
    context = {"form": form, "nav_active": "experiences"}
    return render(request, "workspace/experience_form.html", context, status=status)


@require_safe
@workspace_page("experiences.view")
def detail(request: WorkspaceRequest, slug: str) -> HttpResponse:
    experience = experiences.find(slug=slug)
    recent = list(deployments.history(experience=experience)[:10])
    environments = list(experience.environments.with_live())
    shown: list[Any] = environments
    for found in shown:
        found.rollback_releases = deployments.rollback_targets(environment=found)
        found.open_deployment = next(
            (d for d in recent if d.is_open and d.environment_id == found.pk), None
        )
    releases = experience.releases.newest_version_first().select_related("artifact__blob")
    context = {
        "experience": experience,
        "environments": environments,
        "promotable": next(iter(deployments.promotable(experience=experience)), None),
        "releases": releases.defer("artifact__tree")[:10],
        "deployments": recent,
        "breaker": breaker_state("roblox"),
        "nav_active": "experiences",
    }
    return render(request, "workspace/experience_detail.html", context)


@require_http_methods(["POST"])
@workspace_page("experiences.update")
def rename(request: WorkspaceRequest, slug: str) -> HttpResponse:
    form = RenameForm(request.POST)
    if not form.is_valid():
        raise Invalid(errors={"name": [str(text) for text in form.errors["name"]]})
    experience = experiences.rename(
        experience=experiences.find(slug=slug), by=request.user, **form.cleaned_data
    )
    messages.success(request, "Renamed.")
    return redirect(experience)


@require_http_methods(["GET", "POST"])
@workspace_page("environments.update")
def environment(request: WorkspaceRequest, slug: str, kind: str) -> HttpResponse:
    experience = experiences.find(slug=slug)
    found = experiences.find_environment(experience=experience, kind=kind)
    form = EnvironmentForm(request.POST or None, initial={"place_id": found.place_id})
    if request.method == "POST" and form.is_valid():
        try:
            experiences.configure(environment=found, by=request.user, **form.cleaned_data)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, f"{found.get_kind_display()} is set up.")
            return redirect(experience)
    context = {
        "experience": experience,
        "environment": found,
        "form": form,
        "nav_active": "experiences",
    }
    status = 422 if form.errors else 200
    return render(request, "workspace/environment_form.html", context, status=status)
