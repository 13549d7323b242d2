"""The workspace's own log of mail: what left for whom, and what became of it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.mail.models import KEPT_FOR, Message
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest

PAGE_SIZE = 50


@require_safe
@workspace_page("audit.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    """`?q=` finds a recipient or a subject, `?state=` narrows the list to one state."""
    query = request.GET.get("q", "").replace("\x00", "").strip()
    state = request.GET.get("state", "")
    found = Message.objects.of_workspace(request.tenant.schema_name)
    if query:
        found = found.search(query)
    if state in Message.State.values:
        found = found.filter(state=state)
    page = Paginator(found.prefetch_related("events"), PAGE_SIZE).get_page(request.GET.get("page"))
    asked = {"q": query, "state": state}
    context = {
        "nav_active": "settings", "page": page, "q": query, "state": state,
        "states": Message.State.choices, "days": KEPT_FOR.days,
        "query": urlencode({name: value for name, value in asked.items() if value}),
    }  # fmt: skip
    return render(request, "workspace/mail.html", context)
