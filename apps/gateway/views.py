"""The workspace's host: API keys, and how the API is used."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.services import step_up
from apps.core.errors import Invalid
from apps.gateway import catalogue, charts, presets
from apps.gateway.forms import KeyForm, NewKeyForm, RotationForm
from apps.gateway.models import ApiKey, ApiUsage
from apps.gateway.services import api_keys, request_usage
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest

LIVE = ApiKey.Environment.LIVE


@require_safe
@workspace_page("api_keys.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    used = request_usage.of_keys(request.tenant)
    keys = [(key, used.get(str(key.pk), 0)) for key in api_keys.of(request.tenant)]
    keys.sort(key=lambda pair: pair[0].state != "active")
    return render(request, "workspace/api_keys.html", {"nav_active": "api_keys", "keys": keys})


@workspace_page("api_keys.create")
@step_up.recent
def new(request: WorkspaceRequest) -> HttpResponse:
    """POST makes a key and answers with its secret, which is never stored or shown again."""
    offered = api_keys.grantable(tenant=request.tenant, by=request.user, environment=LIVE)
    if request.method != "POST":
        preset = presets.find(request.GET.get("preset", ""))
        chosen = preset.within(offered) if preset else []
        return _new_page(request, NewKeyForm(offered=offered, initial={"scopes": chosen}))
    form = NewKeyForm(request.POST, offered=offered)
    if form.is_valid():
        try:
            key, secret = api_keys.create(
                tenant=request.tenant,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                environment=form.cleaned_data["environment"] or LIVE,
                allowed_networks=form.cleaned_data["networks"],
                expires_at=form.expires_at,
                by=request.user,
            )
        except Invalid as error:
            _show(form, error)
        else:
            return _detail(request, key, status=201, secret=secret)
    return _new_page(request, form, status=422)


@require_safe
@workspace_page("api_keys.view")
def show(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    return _detail(request, _find(request, pk))


@workspace_page("api_keys.create")
@step_up.recent
def edit(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    key = _find(request, pk)
    held = api_keys.grantable(tenant=request.tenant, by=request.user, environment=key.environment)
    offered = sorted({*held, *key.scopes})
    initial = {"name": key.name, "scopes": key.scopes, "networks": "\n".join(key.networks or ())}
    form = KeyForm(request.POST or None, offered=offered, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            api_keys.update(key=key, by=request.user, **form.cleaned_data)
        except Invalid as error:
            _show(form, error)
        else:
            messages.success(request, f"{key.name} is saved. It counts from now on.")
            return redirect("api_key", pk=key.pk)
    context = {"nav_active": "api_keys", "key": key, "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "workspace/api_key_edit.html", context, status=status)


@workspace_page("api_keys.create")
@step_up.recent
def rotate(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    """POST answers with the new secret, which is never shown again."""
    key = _find(request, pk)
    form = RotationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        secret = api_keys.rotate(key=key, by=request.user, **form.about)
        return _detail(request, key, status=201, secret=secret)
    context = {"nav_active": "api_keys", "key": key, "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "workspace/api_key_rotate.html", context, status=status)


@require_POST
@workspace_page("api_keys.revoke")
def end_former(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    key = _find(request, pk)
    api_keys.end_former(key=key, by=request.user)
    messages.success(request, f"Only the newest secret of {key.name} works now.")
    return redirect("api_key", pk=pk)


@require_POST
@workspace_page("api_keys.revoke")
def revoke(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    key = _find(request, pk)
    api_keys.revoke(key=key, by=request.user)
    messages.success(request, f"{key.name} opens nothing any more.")
    return redirect("api_keys")


@require_safe
@workspace_page("usage.view")
def usage(request: WorkspaceRequest) -> HttpResponse:
    """How the API is used: by time, by caller, by endpoint."""
    by = "hour" if request.GET.get("by") == "hour" else "day"
    report = request_usage.of(request.tenant, by=by)
    context = {"nav_active": "settings", "report": report, "by": by, "charts": charts.of(report)}
    return render(request, "workspace/api_usage.html", context)


def _find(request: WorkspaceRequest, pk: UUID) -> ApiKey:
    return api_keys.find(tenant=request.tenant, key_id=str(pk))


def _detail(
    request: WorkspaceRequest, key: ApiKey, status: int = 200, secret: str = ""
) -> HttpResponse:
    by = "hour" if request.GET.get("by") == "hour" else "day"
    report = request_usage.of(request.tenant, by=by, key=key)
    context = {
        "nav_active": "api_keys", "key": key, "secret": secret, "report": report, "by": by,
        "charts": charts.of(report), "span": ApiUsage.Span,
    }  # fmt: skip
    return render(request, "workspace/api_key.html", context, status=status)


def _new_page(request: WorkspaceRequest, form: NewKeyForm, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "nav_active": "api_keys",
        "form": form,
        "presets": presets.PRESETS,
        "preset": request.GET.get("preset", ""),
    }
    return render(request, "workspace/api_key_new.html", context, status=status)


def _show(form: KeyForm, error: Invalid) -> None:
    for name, sentences in error.errors.items():
        form.add_error("days" if name == "expires_at" else name, sentences)


@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    """Every problem code; `?q=` finds some."""
    q = request.GET.get("q", "").strip()
    found = catalogue.search(q) if q else catalogue.entries()
    return render(request, "public/problems.html", {"entries": found, "q": q})


@require_safe
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """What a problem's `type` leads to."""
    entry = catalogue.find(code)
    kinds = catalogue.input_errors() if code == "invalid" else {}
    return render(request, "public/problem.html", {"entry": entry, "input_errors": kinds})
