"""The public host: one's workspaces, a new one, and its way to being ready."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.core.errors import DomainError, NotFound
from apps.jobs.models import JobRun
from apps.tenants.forms import NewWorkspaceForm
from apps.tenants.models import Membership, Tenant
from apps.tenants.pages import person_page
from apps.tenants.requests import PublicRequest
from apps.tenants.services import invitations, tenants, tickets


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    demo = Tenant.objects.filter(slug="demo", state=Tenant.State.ACTIVE).first()
    return render(request, "public/landing.html", {"demo_url": demo.url if demo else ""})


@require_safe
@person_page
def index(request: PublicRequest) -> HttpResponse:
    memberships = list(
        Membership.objects.filter(user=request.user)
        .select_related("tenant")
        .order_by("tenant__name")
    )
    waiting = invitations.waiting_for(user=request.user)
    if not memberships and not waiting:
        return redirect("new_workspace")
    context = {"memberships": memberships, "invitations": waiting}
    return render(request, "onboarding/workspaces.html", context)


@person_page
def create(request: PublicRequest) -> HttpResponse:
    form = NewWorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            tenant = tenants.create(**form.cleaned_data, by=request.user)
        except DomainError as error:
            form.add_error("slug", error.detail)
        else:
            return redirect("setting_up", slug=tenant.slug)
    status = 422 if form.errors else 200
    return render(request, "onboarding/new_workspace.html", {"form": form}, status=status)


@require_safe
@person_page
def check_slug(request: PublicRequest) -> HttpResponse:
    """Fragment beside the address field: whether it is free, or one made from the name."""
    slug = request.GET.get("slug", "").strip().lower()
    if not slug:
        slug = tenants.suggest_slug(name=request.GET.get("name", ""))
    problem = tenants.slug_problem(slug=slug) if slug else None
    context = {"slug": slug, "problem": problem, "tenant_host": Tenant(slug=slug).host}
    return render(request, "onboarding/_slug.html", context)


@require_safe
@person_page
def setting_up(request: PublicRequest, slug: str) -> HttpResponse:
    return render(request, "onboarding/setting_up.html", _progress(request, slug))


@require_safe
@person_page
def progress(request: PublicRequest, slug: str) -> HttpResponse:
    """The fragment of `setting_up` that is drawn again while the job goes on."""
    return render(request, "onboarding/_progress.html", _progress(request, slug))


@require_POST
@person_page
def retry(request: PublicRequest, slug: str) -> HttpResponse:
    tenants.retry(tenant=_own(request, slug), by=request.user)
    return redirect("setting_up", slug=slug)


@require_POST
@person_page
def enter(request: PublicRequest, slug: str) -> HttpResponse:
    """To the workspace's own host, signed in there by a one-time ticket."""
    tenant = _own(request, slug)
    if tenant.state != Tenant.State.ACTIVE:
        messages.info(request, f"{tenant} is not ready yet.")
        return redirect("setting_up", slug=slug)
    return redirect(tickets.issue(tenant=tenant, by=request.user))


def _progress(request: PublicRequest, slug: str) -> dict[str, object]:
    tenant = _own(request, slug)
    run = JobRun.objects.filter(pk=tenant.provisioning_run_id).first()
    return {"workspace": tenant, "run": run, "channel": f"private-user-{request.user.pk}"}


def _own(request: PublicRequest, slug: str) -> Tenant:
    tenant = Tenant.objects.filter(slug=slug, memberships__user=request.user).first()
    if tenant is None:
        raise NotFound("You have no workspace at this address.")
    return tenant
