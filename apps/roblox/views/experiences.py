from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Prefetch
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.errors import DomainError
from apps.core.outgoing import breaker_state
from apps.roblox.forms import EnvironmentForm, ExperienceForm, RenameForm
from apps.roblox.models import Environment, Experience
from apps.roblox.services import deployments, experiences
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest


@require_safe
@workspace_page("experiences.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    rows = Experience.objects.prefetch_related(
        Prefetch("environments", Environment.objects.with_live())
    ).annotate(release_count=Count("releases", distinct=True))
    return render(
        request, "workspace/experiences.html", {"experiences": rows, "nav_active": "experiences"}
    )


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
    return render(request, "workspace/experience_new.html", context, status=status)


@require_http_methods(["GET", "POST"])
@workspace_page("experiences.view")
def detail(request: WorkspaceRequest, slug: str) -> HttpResponse:
    experience = experiences.find(slug=slug)
    environments = list(experience.environments.with_live())
    recent = deployments.history(experience=experience)[:8]
    context = {
        "experience": experience,
        "environments": environments,
        "staging": next(e for e in environments if e.kind == "staging"),
        "production": next(e for e in environments if e.kind == "production"),
        "releases": experience.releases.newest_version_first().select_related("artifact__blob")[
            :20
        ],
        "deployments": recent,
        "open_deployments": [d for d in recent if d.is_open],
        "rollback_targets": {
            e.kind: deployments.rollback_targets(environment=e) for e in environments
        },
        "breaker": breaker_state("roblox"),
        "rename_form": RenameForm(initial={"name": experience.name}),
        "nav_active": "experiences",
    }
    return render(request, "workspace/experience.html", context)


@require_http_methods(["POST"])
@workspace_page("experiences.update")
def rename(request: WorkspaceRequest, slug: str) -> HttpResponse:
    experience = experiences.rename(
        experience=experiences.find(slug=slug), name=request.POST.get("name", ""), by=request.user
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
    return render(request, "workspace/environment.html", context, status=status)
