"""The workspace's host: its name and look."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from apps.tenants.forms import WorkspaceForm
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest
from apps.tenants.services import tenants


@workspace_page("workspace.update")
def edit(request: WorkspaceRequest) -> HttpResponse:
    tenant = request.tenant
    initial = {field: getattr(tenant, field) for field in WorkspaceForm.base_fields}
    form = WorkspaceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        tenants.update(tenant=tenant, by=request.user, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("settings")
    context = {"nav_active": "settings", "form": form}
    return render(request, "workspace/settings.html", context, status=422 if form.errors else 200)
