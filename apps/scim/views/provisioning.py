"""Settings, Provisioning: tokens, what groups give, and the provider's last requests."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.classes.models import SchoolClass
from apps.core.errors import Invalid
from apps.scim.forms import DefaultRoleForm, MappingForm, TokenForm, role_choices
from apps.scim.models import ScimGroup, ScimRequest, ScimToken, ScimUser
from apps.scim.services import groups, placements, tokens
from apps.tenants import roles
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest

SHOWN = 50


@workspace_page("provisioning.view", post="provisioning.update")
def index(request: WorkspaceRequest) -> HttpResponse:
    """POST makes a token and answers with its secret, which is never stored or shown again."""
    if request.method != "POST":
        return _page(request, TokenForm())
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    _, secret = tokens.create(
        tenant=request.tenant,
        name=form.cleaned_data["name"],
        expires_at=form.expires_at,
        by=request.user,
    )
    return _page(request, TokenForm(), status=201, secret=secret)


@require_POST
@workspace_page("provisioning.update")
def rotate(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    token = tokens.find(tenant=request.tenant, token_id=pk)
    _, secret = tokens.rotate(token=token, by=request.user)
    return _page(request, TokenForm(), status=201, secret=secret)


@require_POST
@workspace_page("provisioning.update")
def revoke(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    token = tokens.find(tenant=request.tenant, token_id=pk)
    tokens.revoke(token=token, by=request.user)
    messages.success(request, f"{token.name} opens nothing any more.")
    return redirect("settings_provisioning")


@require_POST
@workspace_page("provisioning.update")
def default_role(request: WorkspaceRequest) -> HttpResponse:
    groups.set_default_role(
        tenant=request.tenant, role=request.POST.get("role", ""), by=request.user
    )
    messages.success(request, "Whoever comes from now on gets this role.")
    return redirect("settings_provisioning")


@require_POST
@workspace_page("provisioning.update")
def map_group(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    row = groups.find_mapped(tenant=request.tenant, group_id=pk)
    form = _mapping(row, request.POST, *_choices(request))
    if not form.is_valid():
        raise Invalid(errors={"group": ["Choose a role and a class from the lists."]})
    groups.map_to(row=row, by=request.user, **form.cleaned_data)
    messages.success(request, f"{row} is mapped. Its members have what it gives.")
    return redirect("settings_provisioning")


def _page(
    request: WorkspaceRequest, form: TokenForm, status: int = 200, secret: str = ""
) -> HttpResponse:
    tenant, (role_list, class_list) = request.tenant, _choices(request)
    rows = groups.of(tenant).order_by("display_name")
    usual = placements.default_role(tenant)
    context: dict[str, Any] = {
        "nav_active": "settings",
        "address": request.build_absolute_uri("/scim/v2"),
        "tokens": ScimToken.objects.filter(tenant=tenant).select_related("created_by"),
        "groups": [(row, _mapping(row, None, role_list, class_list)) for row in rows],
        "user_count": ScimUser.objects.filter(tenant=tenant, active=True).count(),
        "waiting_count": ScimUser.objects.filter(tenant=tenant, user=None, active=True).count(),
        "requests": ScimRequest.objects.filter(tenant=tenant).select_related("token")[:SHOWN],
        "role_form": DefaultRoleForm(roles=role_list, initial={"role": usual}),
        "form": form,
        "secret": secret,
    }
    return render(request, "workspace/provisioning.html", context, status=status)


def _choices(request: WorkspaceRequest) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    classes = SchoolClass.objects.open().order_by("name").values_list("pk", "name")
    return role_choices(roles.of(tenant=request.tenant)), [(str(pk), name) for pk, name in classes]


def _mapping(
    row: ScimGroup, data: Any, role_list: list[tuple[str, str]], class_list: list[tuple[str, str]]
) -> MappingForm:
    initial = {"role": row.role, "class_id": str(row.class_id or "")}
    return MappingForm(
        data, roles=role_list, classes=class_list, initial=initial, auto_id=f"id_{row.pk}_%s"
    )
