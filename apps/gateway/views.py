"""The workspace's host: API keys."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.gateway import catalogue
from apps.gateway.forms import ApiKeyForm
from apps.gateway.models import ApiKey
from apps.gateway.services import api_keys
from apps.tenants.access import require
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest


@workspace_page("api_keys.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    """POST makes a key and answers with its secret, which is never stored or shown again."""
    if request.method == "POST":
        require("api_keys.create", by=request.user, tenant=request.tenant)
        return _create(request)
    return _page(request, ApiKeyForm(can=request.can))


@require_POST
@workspace_page("api_keys.revoke")
def revoke(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    key = api_keys.find(tenant=request.tenant, key_id=str(pk))
    api_keys.revoke(key=key, by=request.user)
    messages.success(request, f"{key.name} opens nothing any more.")
    return redirect("api_keys")


def _create(request: WorkspaceRequest) -> HttpResponse:
    form = ApiKeyForm(request.POST, can=request.can)
    if not form.is_valid():
        return _page(request, form, status=422)
    _, secret = api_keys.create(
        tenant=request.tenant,
        name=form.cleaned_data["name"],
        scopes=form.cleaned_data["scopes"],
        expires_at=form.expires_at,
        by=request.user,
    )
    return _page(request, ApiKeyForm(can=request.can), status=201, secret=secret)


def _page(
    request: WorkspaceRequest, form: ApiKeyForm, status: int = 200, secret: str = ""
) -> HttpResponse:
    keys = ApiKey.objects.filter(tenant=request.tenant).select_related("created_by")
    context = {"nav_active": "api_keys", "keys": keys, "form": form, "secret": secret}
    return render(request, "workspace/api_keys.html", context, status=status)


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
