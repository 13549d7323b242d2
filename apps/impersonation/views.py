"""The workspace's host: an operator comes in as a member, and leaves again; its people read what
was looked at.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from apps.impersonation.middleware import SESSION
from apps.impersonation.services import impersonations, visits
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest

PAGE_SIZE = 20


@require_safe
@workspace_page("audit.view")
def operators(request: WorkspaceRequest) -> HttpResponse:
    """Who of the operators was in, as whom and why, and every address they asked for."""
    rows = visits.of_workspace(request.tenant.schema_name)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"nav_active": "audit", "page": page}
    return render(request, "workspace/audit_operators.html", context)


@never_cache
@require_GET
def enter(request: Any) -> HttpResponse:
    """`?ticket=…` becomes a session that is nobody's own. Whoever was signed in here is not any
    more.
    """
    ticket = request.GET.get("ticket", "")
    record = impersonations.enter(ticket=ticket, tenant=request.tenant)
    request.session.flush()
    request.session[SESSION] = str(record.pk)
    request.session.set_expiry(record.expires_at)
    response = redirect("/")
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_POST
def end(request: Any) -> HttpResponse:
    """Back to the console."""
    if request.impersonation is not None:
        impersonations.end(record=request.impersonation)
        request.session.flush()
    return redirect(f"{settings.PUBLIC_URL}/operator/impersonation/impersonation/")
