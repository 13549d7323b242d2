"""The workspace's host: what runs here, and who did what. The rows belong to floors below."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.audit.models import AuditEntry
from apps.core.errors import NotFound
from apps.jobs.models import JobRun
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest

PAGE_SIZE = 50


@require_safe
@workspace_page("jobs.view")
def jobs(request: WorkspaceRequest) -> HttpResponse:
    """`?state=` narrows the list to one state."""
    runs = JobRun.objects.of_workspace(request.tenant.schema_name)
    state = request.GET.get("state", "")
    if state in JobRun.State.values:
        runs = runs.filter(state=state)
    context = {
        "nav_active": "jobs",
        "page_obj": Paginator(runs, PAGE_SIZE).get_page(request.GET.get("page")),
        "state": state,
        "states": JobRun.State.choices,
        "channel": f"private-workspace-{request.tenant.schema_name}",
    }
    return render(request, "workspace/jobs.html", context)


@require_safe
@workspace_page("jobs.view")
def job(request: WorkspaceRequest, run_id: UUID) -> HttpResponse:
    return render(request, "workspace/job.html", _job(request, run_id))


@require_safe
@workspace_page("jobs.view")
def job_fragment(request: WorkspaceRequest, run_id: UUID) -> HttpResponse:
    """The part of `job` that is drawn again while the job goes on."""
    return render(request, "workspace/_job.html", _job(request, run_id))


@require_safe
@workspace_page("audit.view")
def audit(request: WorkspaceRequest) -> HttpResponse:
    """`?q=` finds an action, a person or a thing by the start of its name."""
    entries = AuditEntry.objects.filter(schema_name=request.tenant.schema_name)
    query = request.GET.get("q", "").strip()
    if query:
        entries = entries.search(query)
    page = Paginator(entries.order_by("-sequence"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"nav_active": "audit", "page_obj": page, "q": query}
    return render(request, "workspace/audit.html", context)


def _job(request: WorkspaceRequest, run_id: UUID) -> dict[str, object]:
    run = JobRun.objects.of_workspace(request.tenant.schema_name).filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such job in this workspace.")
    channel = f"private-workspace-{request.tenant.schema_name}"
    return {"nav_active": "jobs", "run": run, "channel": channel}
