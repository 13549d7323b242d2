"""The workspace's host: Settings, Sign-in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.errors import Invalid
from apps.sso import rules
from apps.sso.forms import ConnectionForm
from apps.sso.services import connections
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest

HERE = "settings_sign_in"


@require_http_methods(["GET", "HEAD", "POST"])
@workspace_page("sso.view", post="sso.update")
def index(request: WorkspaceRequest) -> HttpResponse:
    connection = connections.find(tenant=request.tenant)
    form = ConnectionForm(request.POST or None, connection=connection)
    if request.method == "POST" and form.is_valid():
        try:
            connections.configure(tenant=request.tenant, by=request.user, **form.values())
        except Invalid as error:
            form.take(error.errors)
        else:
            messages.success(request, "Saved. Try the connection next.")
            return redirect(HERE)
    return _page(request, form, connection)


@require_POST
@workspace_page("sso.update")
def test(request: WorkspaceRequest) -> HttpResponse:
    checks = connections.test(
        tenant=request.tenant, by=request.user,
        redirect_uri=request.build_absolute_uri(rules.CALLBACK),
    )  # fmt: skip
    connection = connections.find(tenant=request.tenant)
    return _page(request, ConnectionForm(connection=connection), connection, checks=checks)


@require_POST
@workspace_page("sso.update")
def require(request: WorkspaceRequest) -> HttpResponse:
    required = request.POST.get("required") == "1"
    try:
        connections.set_required(tenant=request.tenant, required=required, by=request.user)
    except Invalid as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, "Required from now on." if required else "No longer required.")
    return redirect(HERE)


@require_POST
@workspace_page("sso.update")
def remove(request: WorkspaceRequest) -> HttpResponse:
    connections.remove(tenant=request.tenant, by=request.user)
    messages.success(request, "Removed. Members sign in with means of their own.")
    return redirect(HERE)


def _page(
    request: WorkspaceRequest, form: ConnectionForm, connection: Any, **more: Any
) -> HttpResponse:
    context = {
        "nav_active": "settings", "form": form, "connection": connection,
        "callback_urls": connections.callback_urls(request.tenant), **more,
    }  # fmt: skip
    status = 422 if form.errors else 200
    return render(request, "sso/settings.html", context, status=status)
