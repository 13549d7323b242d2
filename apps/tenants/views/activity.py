"""The workspace's host: what runs here, and who did what. The rows belong to floors below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.audit.models import AuditEntry
from apps.core.errors import Conflict
from apps.jobs.models import JobRun
from apps.tenants import job_subjects
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest
from apps.tenants.services import jobs as jobs_here

PAGE_SIZE = 50
MOST_MEMBERS = 100
MEMBERS_IN_LIST = 5
# States in the order in which one looks for them, in the words of their badges.
TABS = (
    ("running", "Running"), ("queued", "Queued"), ("pending", "Waiting"), ("failed", "Failed"),
    ("succeeded", "Succeeded"), ("cancelled", "Cancelled"),
)  # fmt: skip


@require_safe
@workspace_page("jobs.view")
def jobs(request: WorkspaceRequest) -> HttpResponse:
    """`?state=` narrows the list to one state, `?q=` to what or whom it is for, `?parent=` to one
    chain's or group's members.
    """
    return render(request, "workspace/job_list.html", _jobs(request))


@require_safe
@workspace_page("jobs.view")
def jobs_fragment(request: WorkspaceRequest) -> HttpResponse:
    """The part of `jobs` that is drawn again when a job moves."""
    return render(request, "workspace/_jobs.html", _jobs(request))


@require_safe
@workspace_page("jobs.view")
def job(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    return render(request, "workspace/job_detail.html", _job(request, pk))


@require_safe
@workspace_page("jobs.view")
def job_fragment(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    """The part of `job` that is drawn again while the job goes on."""
    return render(request, "workspace/_job.html", _job(request, pk))


@require_http_methods(["GET", "POST"])
@workspace_page("jobs.view", post="jobs.manage")
def cancel_job(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    """Ask, then stop it."""
    return _steer(request, pk, "cancel", jobs_here.cancel, "It is being cancelled.")


@require_http_methods(["GET", "POST"])
@workspace_page("jobs.view", post="jobs.manage")
def replay_job(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    """Ask, then put it back in its queue."""
    return _steer(request, pk, "replay", jobs_here.replay, "It is in the queue again.")


@require_safe
@workspace_page("audit.view")
def audit(request: WorkspaceRequest) -> HttpResponse:
    """`?q=` finds an action, a person or a thing by the start of its name."""
    entries = AuditEntry.objects.filter(schema_name=request.tenant.schema_name)
    query = _sought(request)
    if query:
        entries = entries.search(query)
    page = Paginator(entries.order_by("-sequence"), PAGE_SIZE).get_page(request.GET.get("page"))
    more = urlencode({"q": query} if query else {})
    context = {"nav_active": "audit", "page": page, "q": query, "query": more}
    return render(request, "workspace/audit.html", context)


def _jobs(request: WorkspaceRequest) -> dict[str, object]:
    runs = jobs_here.of(request.tenant)
    state, whole, sought = request.GET.get("state", ""), _whole(request), _sought(request)
    if whole is not None:
        runs = jobs_here.members_of(whole)
    counts = jobs_here.count_open(runs)
    runs = jobs_here.search(runs, sought)
    # Members stand below their parent, but alone where a state or words are asked for.
    if state in JobRun.State.values:
        runs = runs.filter(state=state)
    elif whole is None and not sought:
        runs = runs.filter(parent__isnull=True).with_members(MEMBERS_IN_LIST + 1)
    page = Paginator(runs, PAGE_SIZE).get_page(request.GET.get("page"))
    about = {"parent": whole.pk if whole else "", "q": sought}
    about = {name: value for name, value in about.items() if value}
    query = urlencode({**about, **({"state": state} if state else {})})
    return {
        "nav_active": "jobs",
        "page": page,
        "whole": whole,
        "members_shown": MEMBERS_IN_LIST,
        "state": state,
        "q": sought,
        "tabs": [(value, text, counts.get(value, "")) for value, text in TABS],
        "tab_query": urlencode(about),
        "query": query,
        "channel": _channel(request, "jobs"),
        "fragment_url": f"{reverse('jobs_fragment')}?{query}&page={page.number}",
    }


def _sought(request: WorkspaceRequest) -> str:
    return request.GET.get("q", "").replace("\x00", "").strip()


def _whole(request: WorkspaceRequest) -> JobRun | None:
    """The chain or group whose members are asked for."""
    try:
        parent = UUID(request.GET.get("parent", ""))
    except ValueError:
        return None
    return jobs_here.find(tenant=request.tenant, job_id=parent)


def _job(request: WorkspaceRequest, pk: UUID) -> dict[str, object]:
    run = jobs_here.find(tenant=request.tenant, job_id=pk)
    needed = run.permissions
    may = bool(needed) and {"jobs.manage", *needed} <= request.can
    members = list(jobs_here.members_of(run)[:MOST_MEMBERS]) if run.kind else []
    subjects = job_subjects.find([run, *members], can=request.can)
    shown: list[Any] = members
    for member in shown:
        member.subject = subjects.get(member.pk)
    return {
        "nav_active": "jobs",
        "run": run,
        "subject": subjects.get(run.pk),
        "members": members,
        "members_count": run.family.count() if run.kind else 0,
        "cancellable": may and run.is_cancellable,
        "replayable": may and run.is_replayable,
        "channel": _channel(request, f"job.{pk}"),
        "fragment_url": reverse("job_fragment", kwargs={"pk": pk}),
    }


def _steer(
    request: WorkspaceRequest, pk: UUID, deed: str, carry_out: Callable[..., JobRun], done: str
) -> HttpResponse:
    run = jobs_here.find(tenant=request.tenant, job_id=pk)
    if request.method != "POST":
        context = {"nav_active": "jobs", "run": run, "deed": deed}
        return render(request, "workspace/job_steer.html", context)
    try:
        carry_out(tenant=request.tenant, run=run, by=request.user)
    except Conflict as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, done)
    return redirect("job", pk=pk)


def _channel(request: WorkspaceRequest, area: str) -> str:
    return f"private-w-{request.tenant.schema_name}.{area}"
