"""The public host: one's workspaces, a new one, and its way to being ready."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST, require_safe

from apps.accounts.services import step_up
from apps.core.errors import DomainError, NotFound
from apps.jobs.models import JobRun
from apps.tenants.forms import NewWorkspaceForm
from apps.tenants.models import Membership, Tenant
from apps.tenants.pages import person_page
from apps.tenants.requests import PublicRequest
from apps.tenants.services import invitations, onboarding, tenants, tickets

FIRST_PAGE = "first_page"  # in the session


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    demo = _demo()
    context = {"demo_url": f"{demo.url}/guide/" if demo else ""}
    return render(request, "public/landing.html", context)


@require_safe
@person_page
def index(request: PublicRequest) -> HttpResponse:
    memberships = list(
        Membership.objects.in_force()
        .filter(user=request.user)
        .select_related("tenant")
        .order_by("tenant__name")
    )
    for membership in memberships:
        membership.entry_url = _entry(membership.tenant)  # type: ignore[attr-defined]
    waiting = invitations.waiting_for(user=request.user)
    if not memberships and not waiting:
        return redirect("workspace_new")
    context = {"memberships": memberships, "invitations": waiting}
    return render(request, "onboarding/workspaces.html", context)


@person_page
def create(request: PublicRequest) -> HttpResponse:
    """`next` in the query: the page of the new workspace that its founder came for."""
    wanted = request.GET.get("next", "")
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        request.session[FIRST_PAGE] = wanted
    form = NewWorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            tenant = tenants.create(**form.cleaned_data, by=request.user)
        except DomainError as error:
            form.add_error("slug", error.detail)
        else:
            return redirect(_way_in(request, tenant))
    context = {"form": form, "public_domain": settings.PUBLIC_DOMAIN}
    status = 422 if form.errors else 200
    return render(request, "onboarding/workspace_form.html", context, status=status)


@require_safe
@person_page
def check_slug(request: PublicRequest) -> HttpResponse:
    """Fragment under the address field: whether the address is free. Until the person writes one
    of their own, it follows the name, and the field comes along.
    """
    edited = bool(request.GET.get("edited")) or request.htmx.trigger_name == "slug"
    slug = request.GET.get("slug", "").strip().lower()
    if not edited:
        slug = tenants.suggest_slug(name=request.GET.get("name", ""))
    context = {
        "edited": edited,
        "host": Tenant(slug=slug).host if slug else "",
        "problem": tenants.slug_problem(slug=slug) if slug else None,
        "field": NewWorkspaceForm(initial={"slug": slug})["slug"].as_widget(
            attrs={"hx-swap-oob": "true"}
        ),
    }
    return render(request, "onboarding/_address.html", context)


@require_safe
@person_page
def setting_up(request: PublicRequest, slug: str) -> HttpResponse:
    return render(request, "onboarding/progress.html", _progress(request, slug))


@require_safe
@person_page
def progress(request: PublicRequest, slug: str) -> HttpResponse:
    """The part of `setting_up` that is drawn again while the job goes on."""
    return render(request, "onboarding/_progress.html", _progress(request, slug))


@require_POST
@person_page
def retry(request: PublicRequest, slug: str) -> HttpResponse:
    tenants.retry(tenant=_own(request, slug), by=request.user)
    return redirect("workspace_progress", slug=slug)


@require_GET
@person_page
def enter(request: PublicRequest, slug: str) -> HttpResponse:
    """To the workspace's own host, signed in there by a one-time ticket.

    A GET, so that it can be a link: it lets its own caller in and changes nothing else.
    """
    return redirect(_way_in(request, _own(request, slug)))


def _demo() -> Tenant | None:
    """The demo, which is only where its sandbox is: elsewhere its address may be a customer's."""
    if not settings.SANDBOX_URL:
        return None
    demos = Tenant.objects.filter(slug=settings.DEMO_WORKSPACE, state=Tenant.State.ACTIVE)
    demo: Tenant | None = demos.first()
    return demo


def _way_in(request: PublicRequest, tenant: Tenant) -> str:
    """Into the workspace, its founder to its first steps; while it is set up, to the progress."""
    if tenant.state in {Tenant.State.DELETING, Tenant.State.PURGING}:
        return reverse("workspaces")
    if not tenant.is_open:
        return reverse("workspace_progress", kwargs={"slug": tenant.slug})
    ticket = tickets.issue(tenant=tenant, by=request.user, proof=step_up.proof_of(request))
    fresh = tenant.created_by_id == request.user.pk and onboarding.is_untouched(tenant=tenant)
    if not fresh:
        return ticket
    first = request.session.pop(FIRST_PAGE, "/welcome/")
    return f"{ticket}&{urlencode({'next': first})}"


def _progress(request: PublicRequest, slug: str) -> dict[str, object]:
    tenant = _own(request, slug)
    return {
        "tenant_new": tenant,
        "run": _run_of(tenant),
        "channel": f"private-user-{request.user.pk}",
        "fragment_url": reverse("workspace_progress_fragment", kwargs={"slug": slug}),
        "entry_url": _entry(tenant) if tenant.state == Tenant.State.ACTIVE else "",
        "retry_url": reverse("workspace_retry", kwargs={"slug": slug}),
    }


def _run_of(tenant: Tenant) -> JobRun | None:
    if tenant.provisioning_run_id is None:  # set up by a command
        return None
    return JobRun.objects.filter(pk=tenant.provisioning_run_id).first()


def _entry(tenant: Tenant) -> str:
    return reverse("workspace_enter", kwargs={"slug": tenant.slug})


def _own(request: PublicRequest, slug: str) -> Tenant:
    tenant: Tenant | None = Tenant.objects.filter(slug=slug, memberships__user=request.user).first()
    if tenant is None:
        raise NotFound("You have no workspace at this address.")
    return tenant
