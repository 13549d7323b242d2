"""The workspace's host: API keys."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.gateway.forms import ApiKeyForm
from apps.gateway.models import ApiKey
from apps.gateway.services import api_keys
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest


@require_safe
@workspace_page("api_keys.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    return _page(request, ApiKeyForm())


@require_POST
@workspace_page("api_keys.create")
def create(request: WorkspaceRequest) -> HttpResponse:
    """Answers with the page itself and the secret in it, which is never stored or shown again."""
    form = ApiKeyForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    key, secret = api_keys.create(
        tenant=request.tenant,
        name=form.cleaned_data["name"],
        scopes=form.cleaned_data["scopes"],
        expires_at=form.expires_at,
        by=request.user,
    )
    return _page(request, ApiKeyForm(), status=201, new_key=key, secret=secret)


@require_POST
@workspace_page("api_keys.revoke")
def revoke(request: WorkspaceRequest, key_id: UUID) -> HttpResponse:
    key = api_keys.find(tenant=request.tenant, key_id=str(key_id))
    api_keys.revoke(key=key, by=request.user)
    messages.success(request, f"{key.name} opens nothing any more.")
    return redirect("api_keys")


def _page(
    request: WorkspaceRequest, form: ApiKeyForm, status: int = 200, **more: object
) -> HttpResponse:
    keys = ApiKey.objects.filter(tenant=request.tenant).select_related("created_by")
    context = {"nav_active": "api_keys", "keys": keys, "form": form, **more}
    return render(request, "workspace/api_keys.html", context, status=status)
