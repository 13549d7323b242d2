"""The workspace's host: who needs two-step sign-in, how long people stay signed in."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.core.errors import Invalid
from apps.tenants import configuration as reading
from apps.tenants.errors import ConfigurationConflict
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest
from apps.tenants.security_forms import SecurityForm
from apps.tenants.services import configuration


@require_http_methods(["GET", "HEAD", "POST"])
@workspace_page("sign_in.update")
def index(request: WorkspaceRequest) -> HttpResponse:
    found, version = reading.of(request.tenant), request.tenant.configuration_version
    form = SecurityForm(request.POST or None, initial=SecurityForm.initial_of(found, version))
    clash = None
    if request.method == "POST" and form.is_valid():
        try:
            configuration.change(
                tenant=request.tenant, by=request.user, **form.seen(), **form.settings()
            )
        except Invalid as error:
            form.take(error.errors)
        except ConfigurationConflict as error:
            clash = error
            form.add_error(None, error.detail)
        else:
            messages.success(request, "Saved.")
            return redirect("settings_security")
    context = {"nav_active": "settings", "form": form}
    status = 409 if clash else 422 if form.errors else 200
    return render(request, "workspace/settings_security.html", context, status=status)
