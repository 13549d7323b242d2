"""Leaving an address or the product: another address, deleting, and keeping after all."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.services import step_up
from apps.core.errors import Invalid, NotFound
from apps.tenants.errors import ConfirmationMissing, SlugTaken, TooManyAddresses
from apps.tenants.life_forms import DeletionForm, RenameForm
from apps.tenants.models import Domain, Tenant
from apps.tenants.pages import person_page, workspace_page
from apps.tenants.requests import PublicRequest, WorkspaceRequest
from apps.tenants.services import addresses, lifecycle, tickets


@require_safe
@workspace_page("workspace.delete")
def closing(request: WorkspaceRequest) -> HttpResponse:
    return _page(request)


@require_POST
@workspace_page("workspace.rename")
def rename(request: WorkspaceRequest) -> HttpResponse:
    """To another address, and there at once signed in: the cookie of this host does not reach."""
    form = RenameForm(request.POST)
    if not form.is_valid():
        return _page(request, renaming=form)
    try:
        tenant = addresses.rename(
            tenant=request.tenant, slug=form.cleaned_data["slug"], by=request.user
        )
    except (Invalid, SlugTaken, TooManyAddresses) as error:
        said: Any = getattr(error, "errors", {}).get("slug") or error.detail
        form.add_error("slug", said)
        return _page(request, renaming=form)
    if request.on_custom_domain:
        messages.success(request, f"The address is {tenant.own_host} now.")
        return redirect("settings_closing")
    proof = step_up.proof_of(request)
    return redirect(tickets.issue(tenant=tenant, by=request.user, at=tenant.own_url, proof=proof))


@require_POST
@workspace_page("workspace.delete")
def delete(request: WorkspaceRequest) -> HttpResponse:
    form = DeletionForm(request.POST, tenant=request.tenant)
    if not form.is_valid():
        return _page(request, deleting=form)
    try:
        lifecycle.delete(tenant=request.tenant, by=request.user, **form.cleaned_data)
    except ConfirmationMissing as error:
        form.add_error("confirmation", error.detail)
        return _page(request, deleting=form)
    return redirect(f"{settings.PUBLIC_URL}/workspaces/")


@require_POST
@person_page
def keep(request: PublicRequest, slug: str) -> HttpResponse:
    """The public host: an owner keeps a workspace that was to be deleted."""
    own = Tenant.objects.filter(memberships__user=request.user)
    tenant: Tenant | None = own.filter(slug=slug).first()
    if tenant is None:
        raise NotFound("You have no workspace at this address.")
    lifecycle.keep(tenant=tenant, by=request.user)
    messages.success(request, f"{tenant} stays. It is open again for everybody.")
    return redirect("workspaces")


def _page(
    request: WorkspaceRequest,
    *,
    renaming: RenameForm | None = None,
    deleting: DeletionForm | None = None,
) -> HttpResponse:
    context = {
        "nav_active": "settings",
        "renaming": renaming or RenameForm(),
        "deleting": deleting or DeletionForm(tenant=request.tenant),
        "former": request.tenant.domains.filter(kind=Domain.Kind.FORMER),
        "public_domain": settings.PUBLIC_DOMAIN,
        "grace_days": settings.TENANT_DELETE_GRACE_DAYS,
        "former_days": settings.TENANT_FORMER_ADDRESS_DAYS,
    }
    status = 422 if renaming or deleting else 200
    return render(request, "workspace/closing.html", context, status=status)
