"""The workspace's host: taking one's data along."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from apps.jobs.models import JobRun
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest
from apps.transfers.errors import ExportNotReady, ExportUnderWay
from apps.transfers.forms import ExportForm
from apps.transfers.models import Export
from apps.transfers.services import downloads, exports

PAGE_SIZE = 20


@workspace_page("exports.create")
def index(request: WorkspaceRequest) -> HttpResponse:
    """POST starts an export."""
    form = ExportForm(request.POST or None, initial={"with_media": True})
    if request.method == "POST" and form.is_valid():
        try:
            exports.start(tenant=request.tenant, by=request.user, **form.cleaned_data)
        except ExportUnderWay as error:
            form.add_error(None, error.detail)
        else:
            messages.success(request, "The export has begun. You get a mail when it is ready.")
            return redirect("settings_exports")
    context = {**_context(request), "form": form}
    return render(request, "workspace/exports.html", context, status=422 if form.errors else 200)


@require_safe
@workspace_page("exports.create")
def fragment(request: WorkspaceRequest) -> HttpResponse:
    """The list, drawn again when a job moves."""
    return render(request, "workspace/_exports.html", _context(request))


@require_POST
@workspace_page("exports.create")
def download(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    export = exports.find(tenant=request.tenant, export_id=pk)
    try:
        return redirect(downloads.link(export=export, by=request.user))
    except ExportNotReady as error:
        messages.warning(request, error.detail)
        return redirect("settings_exports")


@require_POST
@workspace_page("exports.create")
def remove(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    try:
        exports.remove(export=exports.find(tenant=request.tenant, export_id=pk), by=request.user)
    except ExportNotReady as error:
        messages.warning(request, error.detail)
    else:
        messages.success(request, "The file is gone.")
    return redirect("settings_exports")


def _context(request: WorkspaceRequest) -> dict[str, Any]:
    rows = Export.objects.filter(tenant=request.tenant).select_related("tenant")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    found = list(page.object_list)
    runs = JobRun.objects.in_bulk([e.run_id for e in found if e.state == Export.State.RUNNING])
    return {
        "nav_active": "settings",
        "page": page,
        "exports": [(export, runs.get(export.run_id)) for export in found],
        "under_way": any(export.state == Export.State.RUNNING for export in found),
        "channel": f"private-w-{request.tenant.schema_name}.jobs",
        "fragment_url": f"{reverse('settings_exports_fragment')}?page={page.number}",
    }
