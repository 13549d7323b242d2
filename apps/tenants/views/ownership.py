"""The workspace's host: an owner hands it over, and another member takes it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.services import step_up
from apps.core.errors import Invalid, NotFound
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest
from apps.tenants.services import memberships, ownership


@require_safe
@workspace_page("workspace.view")
def show(request: WorkspaceRequest) -> HttpResponse:
    """The open offer, to its taker and to owners; owners without one choose somebody."""
    transfer = ownership.find_open(tenant=request.tenant)
    may_offer = "members.make_owner" in request.can
    is_taker = transfer is not None and transfer.taker_id == request.user.pk
    if not may_offer and not is_taker:
        raise NotFound("There is no offer for you here.")
    context = {
        "nav_active": "settings", "transfer": transfer, "is_taker": is_taker,
        "may_offer": may_offer,
        "candidates": ownership.candidates(tenant=request.tenant, by=request.user)
        if may_offer and transfer is None
        else [],
    }  # fmt: skip
    return render(request, "workspace/ownership.html", context)


@require_POST
@workspace_page("members.make_owner")
def offer(request: WorkspaceRequest) -> HttpResponse:
    try:
        chosen = UUID(request.POST.get("member", ""))
    except ValueError as error:
        raise Invalid(errors={"member": ["Choose somebody from the list."]}) from error
    membership = memberships.find(tenant=request.tenant, membership_id=chosen)
    ownership.offer(membership=membership, by=request.user)
    messages.success(request, f"{membership.user} got a mail. It is theirs once they accept.")
    return redirect("ownership")


@require_POST
@workspace_page("workspace.view", personal=True)
@step_up.recent
def accept(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    transfer = ownership.find(tenant=request.tenant, transfer_id=pk)
    ownership.accept(transfer=transfer, by=request.user)
    messages.success(request, f"{request.tenant} is yours.")
    return redirect("members")


@require_POST
@workspace_page("workspace.view", personal=True)
def decline(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    transfer = ownership.find(tenant=request.tenant, transfer_id=pk)
    ownership.decline(transfer=transfer, by=request.user)
    messages.success(request, "You have declined. Nothing changes.")
    return redirect("/")


@require_POST
@workspace_page("members.make_owner")
def withdraw(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    transfer = ownership.find(tenant=request.tenant, transfer_id=pk)
    ownership.withdraw(transfer=transfer, by=request.user)
    messages.success(request, "The offer is taken back.")
    return redirect("ownership")
