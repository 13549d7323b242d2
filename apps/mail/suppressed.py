"""Addresses that the workspace's mail does not go to any more."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.core.errors import Conflict
from apps.mail.models import Suppression
from apps.mail.services import suppressions
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest

PAGE_SIZE = 50


@require_safe
@workspace_page("audit.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    """`?q=` finds a part of an address."""
    query = request.GET.get("q", "").replace("\x00", "").strip()
    found = Suppression.objects.of_workspace(request.tenant.schema_name).in_force()
    if query:
        found = found.filter(address__icontains=query)
    context = {
        "nav_active": "settings", "q": query, "query": urlencode({"q": query}) if query else "",
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
    }  # fmt: skip
    return render(request, "workspace/suppressions.html", context)


@require_POST
@workspace_page("mail.lift")
def lift(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    found = suppressions.find(tenant=request.tenant, pk=pk)
    try:
        suppressions.reopen(suppression=found, tenant=request.tenant, by=request.user)
    except Conflict as error:
        messages.warning(request, error.detail)
    else:
        messages.success(request, f"{found.address} gets mail again.")
    return redirect("suppressions")
