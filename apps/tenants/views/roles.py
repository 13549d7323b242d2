"""The workspace's host: its roles, and who may do what."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import Invalid, NotFound
from apps.tenants import roles
from apps.tenants.errors import RoleChanged, RoleInUse
from apps.tenants.pages import workspace_page
from apps.tenants.permissions import GROUPS, OWNERS_ALONE
from apps.tenants.requests import WorkspaceRequest
from apps.tenants.role_forms import ReplacementForm, RoleForm
from apps.tenants.services import roles as services

FORM = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@workspace_page("roles.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    used = services.used(tenant=request.tenant)
    shown = [
        {"choice": one, "people": used.get(one.key, 0)} for one in roles.of(tenant=request.tenant)
    ]
    return _page(request, "workspace/roles.html", {"roles": shown})


@require_safe
@workspace_page("roles.view")
def compare(request: WorkspaceRequest) -> HttpResponse:
    """Every permission by every role: who may do what."""
    columns = roles.of(tenant=request.tenant)
    groups = [
        (
            group,
            [{"permission": p, "held": [p.name in c.permissions for c in columns]} for p in all_],
        )
        for group, all_ in GROUPS.items()
    ]
    return _page(request, "workspace/roles_compare.html", {"columns": columns, "groups": groups})


@FORM
@workspace_page("roles.create")
def create(request: WorkspaceRequest) -> HttpResponse:
    """`?from=` a role's key: the new one begins as its copy."""
    model = _model(request)
    form = RoleForm(request.POST or None, initial={"permissions": _within(request, model)})
    if form.is_valid():
        try:
            made = services.create(
                tenant=request.tenant, by=request.user, based_on=model.role, **form.cleaned_data
            )
        except Invalid as error:
            form.take(error.errors)
        else:
            messages.success(request, f"{made} can be given to people now.")
            return redirect("settings_roles")
    return _form(request, form, {"model": model})


@FORM
@workspace_page("roles.view", post="roles.update")
def detail(request: WorkspaceRequest, key: str) -> HttpResponse:
    """What a role holds. POST changes one of the workspace's own."""
    choice = _find(request, key)
    role = choice.custom
    may = role is not None and "roles.update" in request.can
    reach = roles.Reach.of_member(request.membership)
    if role is None or not may or reach.lacks(choice):
        if request.method == "POST":
            raise NotFound("This role cannot be changed by you.")
        return _page(request, "workspace/role_detail.html", {"choice": choice, "may": may})
    initial = {
        "name": role.name, "description": role.description, "version": role.version,
        "permissions": sorted(role.granted),
    }  # fmt: skip
    form = RoleForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            services.change(role=role, by=request.user, version=form.version(), **form.cleaned_data)
        except (Invalid, RoleChanged) as error:
            form.take(getattr(error, "errors", {}) or {"name": [error.detail]})
        else:
            messages.success(request, "Saved. It holds for everybody who has the role.")
            return redirect("settings_roles")
    return _form(request, form, {"choice": choice, "leaving": _leaving(request, choice)})


@require_POST
@workspace_page("roles.delete")
def delete(request: WorkspaceRequest, key: str) -> HttpResponse:
    role = services.find(tenant=request.tenant, key=key)
    form = ReplacementForm(request.POST, roles=_others(request, key))
    replacement = form.cleaned_data["replacement"] if form.is_valid() else ""
    try:
        moved = services.delete(role=role, by=request.user, replacement=replacement)
    except RoleInUse as error:
        messages.error(request, error.detail)
        return redirect("settings_role", key=key)
    people = f" {moved} people have another role now." if moved else ""
    messages.success(request, f"{role} is deleted.{people}")
    return redirect("settings_roles")


def _find(request: WorkspaceRequest, key: str) -> roles.Choice:
    found = [one for one in roles.of(tenant=request.tenant) if one.key == key]
    if not found:
        raise NotFound("There is no such role in this workspace.")
    return found[0]


def _model(request: WorkspaceRequest) -> roles.Choice:
    """What a new role is a copy of; teacher where that is not to be."""
    wanted = request.GET.get("from", "")
    found = {one.key: one for one in roles.of(tenant=request.tenant)}
    model = found.get(wanted, found["teacher"])
    return model if model.key != "owner" else found["admin"]


def _within(request: WorkspaceRequest, model: roles.Choice) -> list[str]:
    """Of the copied role, what its maker holds."""
    return sorted(model.permissions & request.membership.permissions & request.can)


def _leaving(request: WorkspaceRequest, choice: roles.Choice) -> dict[str, Any]:
    used = services.used(tenant=request.tenant).get(choice.key, 0)
    return {"people": used, "form": ReplacementForm(roles=_others(request, choice.key))}


def _others(request: WorkspaceRequest, key: str) -> list[roles.Choice]:
    reach = roles.Reach.of_member(request.membership)
    return [one for one in roles.givable(reach=reach) if one.key not in {key, "owner"}]


def _form(request: WorkspaceRequest, form: RoleForm, context: dict[str, Any]) -> HttpResponse:
    chosen = set(form.chosen())
    holds = request.membership.permissions & request.can
    groups = [
        (
            group,
            [
                {
                    "permission": each,
                    "checked": each.name in chosen or each.name in services.ALWAYS,
                    "fixed": each.name in services.ALWAYS or each.name not in holds,
                }
                for each in declared
                if each.name not in OWNERS_ALONE
            ],
        )
        for group, declared in GROUPS.items()
    ]
    context = {**context, "form": form, "groups": [_counted(g, e) for g, e in groups if e]}
    return _page(request, "workspace/role_form.html", context, 422 if form.errors else 200)


def _counted(group: str, entries: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]], int]:
    return group, entries, sum(one["checked"] for one in entries)


def _page(
    request: WorkspaceRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    return render(request, template, {"nav_active": "settings", **context}, status=status)
