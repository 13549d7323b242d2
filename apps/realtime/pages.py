"""The workspace's host: Settings > Realtime."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.services import step_up
from apps.core import form_errors
from apps.core.errors import Invalid
from apps.realtime import metering, occupancy
from apps.realtime.forms import RealtimeAppForm, RotateForm
from apps.realtime.models import RealtimeApp
from apps.realtime.services import channel_webhooks, realtime_apps
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest
from apps.usage import plots
from apps.usage.plans import CONNECTIONS, MESSAGES, REALTIME_APPS
from apps.usage.services import limits, series
from apps.usage.services.limits import State
from apps.usage.services.series import By

KEPT = ("name", "client_events", "subscription_counts", "origins")


@require_safe
@workspace_page("realtime_apps.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    """With what all of them together used in the last 30 days."""
    found = list(realtime_apps.of(request.tenant))
    app_ids = [app.app_id for app in found]
    sent, present = metering.of_today(app_ids), occupancy.connections(app_ids)
    lately = metering.messages_of(found)
    held = {state.limit.metric: state for state in limits.of(request.tenant)}
    shown = series.of(request.tenant, metrics=(MESSAGES, CONNECTIONS))
    context = {
        "nav_active": "settings", "limit": held[REALTIME_APPS], "by": "day",
        "apps": [
            (app, sent.get(app.app_id), lately[app.pk].total, present.get(app.app_id))
            for app in found
        ],
        "states": [held[MESSAGES], held[CONNECTIONS]],
        "plots": [plots.draw(s, by="day", limit=_own(held[s.metric.name])) for s in shown],
    }  # fmt: skip
    return render(request, "workspace/realtime_apps.html", context)


@workspace_page("realtime_apps.create")
@step_up.recent
def new(request: WorkspaceRequest) -> HttpResponse:
    """POST makes an app and answers with its secret, which is not shown again."""
    form = RealtimeAppForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            app = realtime_apps.create(tenant=request.tenant, by=request.user, **form.cleaned_data)
        except Invalid as error:
            form_errors.show(form, error)
        else:
            return _detail(request, app, status=201, secret=app.secret)
    return _form(request, form, None)


@require_safe
@workspace_page("realtime_apps.view")
def detail(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    return _detail(request, _find(request, pk))


@workspace_page("realtime_apps.update")
def edit(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    app = _find(request, pk)
    present = {name: getattr(app, name) for name in KEPT}
    present["origins"] = "\n".join(app.origins)
    form = RealtimeAppForm(request.POST or None, initial=present)
    if request.method == "POST" and form.is_valid():
        try:
            realtime_apps.update(app=app, by=request.user, **form.cleaned_data)
        except Invalid as error:
            form_errors.show(form, error)
        else:
            messages.success(request, "Saved. Open connections heed it from now on.")
            return redirect("realtime_app", pk=pk)
    return _form(request, form, app)


@workspace_page("realtime_apps.update")
@step_up.recent
def rotate(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    """POST answers with the new secret, which is not shown again."""
    app = _find(request, pk)
    form = RotateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        changed = realtime_apps.rotate(app=app, by=request.user, **form.cleaned_data)
        return _detail(request, changed, status=201, secret=changed.secret)
    context = {"nav_active": "settings", "app": app, "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "workspace/realtime_app_rotate.html", context, status=status)


@require_POST
@workspace_page("realtime_apps.update")
def end_former(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    app = realtime_apps.end_former(app=_find(request, pk), by=request.user)
    messages.success(request, f"Only the newest key of {app} works now.")
    return redirect("realtime_app", pk=pk)


@require_POST
@workspace_page("realtime_apps.update")
def switch(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    """`on` in the form says which way."""
    on = bool(request.POST.get("on"))
    app = realtime_apps.switch(app=_find(request, pk), on=on, by=request.user)
    text = "is on: clients may connect." if on else "is off: its connections are closed."
    messages.success(request, f"{app} {text}")
    return redirect("realtime_app", pk=pk)


@workspace_page("realtime_apps.delete")
def remove(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    app = _find(request, pk)
    if request.method != "POST":
        context = {"nav_active": "settings", "app": app}
        return render(request, "workspace/realtime_app_remove.html", context)
    realtime_apps.remove(app=app, by=request.user)
    messages.success(request, f"{app} is gone, and its connections are closed.")
    return redirect("settings_realtime")


def _own(state: State) -> State | None:
    """A limit that is shared with other schools is no measure of this one's bars."""
    return None if state.is_shared else state


def _find(request: WorkspaceRequest, pk: UUID) -> RealtimeApp:
    return realtime_apps.find(tenant=request.tenant, app_id=pk)


def _detail(
    request: WorkspaceRequest, app: RealtimeApp, status: int = 200, secret: str = ""
) -> HttpResponse:
    by: By = "month" if request.GET.get("by") == "month" else "day"
    context = {
        "nav_active": "settings", "app": app, "secret": secret, "by": by,
        "plots": [plots.draw(metering.messages_of([app], by=by)[app.pk], by=by)],
        "webhooks": channel_webhooks.of(app), "most_webhooks": channel_webhooks.MOST_OF_APPLICATION,
        "messages_today": metering.of_today([app.app_id]).get(app.app_id),
        "connections": occupancy.connections([app.app_id]).get(app.app_id),
        "endpoint": settings.PUBLIC_URL.partition("://")[2].partition(":")[0],
        "port": settings.PUBLIC_URL.rpartition(":")[2].strip("/")
        if settings.PUBLIC_URL.count(":") > 1
        else "",
        "is_tls": settings.PUBLIC_URL.startswith("https:"),
    }  # fmt: skip
    return render(request, "workspace/realtime_app.html", context, status=status)


def _form(
    request: WorkspaceRequest, form: RealtimeAppForm, app: RealtimeApp | None
) -> HttpResponse:
    context = {"nav_active": "settings", "form": form, "app": app}
    status = 422 if request.method == "POST" else 200
    return render(request, "workspace/realtime_app_form.html", context, status=status)
