"""The workspace's host: who belongs here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.services import step_up
from apps.core import form_errors
from apps.core.errors import DomainError, Invalid
from apps.tenants import roles
from apps.tenants.configuration_forms import ManyInvitationsForm
from apps.tenants.forms import InvitationForm, RoleForm
from apps.tenants.models import Invitation, InvitationLink, Membership
from apps.tenants.pages import workspace_page
from apps.tenants.permissions import Role
from apps.tenants.requests import WorkspaceRequest
from apps.tenants.services import invitations, memberships, onboarding

PAGE_SIZE = 50


@require_safe
@workspace_page("members.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    givable = _givable(request)
    return _page(request, InvitationForm(roles=givable), givable)


@require_POST
@workspace_page("members.invite")
def invite(request: WorkspaceRequest) -> HttpResponse:
    givable = _givable(request)
    form = InvitationForm(request.POST, roles=givable)
    if form.is_valid():
        _prove(request, form)
        try:
            made = invitations.send(tenant=request.tenant, by=request.user, **form.cleaned_data)
        except Invalid as error:
            form_errors.show(form, error)
        except DomainError as error:
            form.add_error("email", error.detail)
        else:
            messages.success(request, f"Invitation sent to {made.email}.")
            return redirect("members")
    return _page(request, form, givable)


@require_http_methods(["GET", "HEAD", "POST"])
@workspace_page("members.invite")
def invite_many(request: WorkspaceRequest) -> HttpResponse:
    """Many addresses, pasted or out of a CSV file. Those that were refused stand in the form."""
    form = ManyInvitationsForm(request.POST or None, request.FILES or None, roles=_givable(request))
    context: dict[str, object] = {"nav_active": "members", "form": form}
    if form.is_valid():
        _prove(request, form)
        try:
            done = onboarding.invite(tenant=request.tenant, by=request.user, **form.wish())
        except Invalid as error:
            form_errors.show(form, error)
        else:
            if done.sent:
                many = f"{len(done.sent)} invitation{'s are' if len(done.sent) > 1 else ' is'}"
                messages.success(request, f"{many} on the way.")
            if not done.refused:
                return redirect("members")
            rest = "\n".join(address for address, _ in done.refused)
            form.data = {**request.POST.dict(), "emails": rest}
            context["refused"] = done.refused
    status = 422 if form.errors or "refused" in context else 200
    return render(request, "workspace/invite_many.html", context, status=status)


@require_POST
@workspace_page("members.invite")
def resend(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    invitation = invitations.find(tenant=request.tenant, invitation_id=pk)
    invitations.resend(invitation=invitation, by=request.user)
    messages.success(request, f"A fresh link is on its way to {invitation.email}.")
    return redirect("members")


@require_POST
@workspace_page("members.invite")
def revoke(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    invitation = invitations.find(tenant=request.tenant, invitation_id=pk)
    invitations.revoke(invitation=invitation, by=request.user)
    messages.success(request, f"The invitation of {invitation.email} no longer opens anything.")
    return redirect("members")


@require_POST
@workspace_page("members.update")
def change_role(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    membership = memberships.find(tenant=request.tenant, membership_id=pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise Invalid(errors={"role": ["Choose a role from the list."]})
    role = form.cleaned_data["role"]
    changed = memberships.change_role(membership=membership, role=role, by=request.user)
    messages.success(request, f"{changed.user} is now {changed.role_name.lower()}.")
    return redirect("members")


@workspace_page("members.remove")
def remove(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    membership = memberships.find(tenant=request.tenant, membership_id=pk)
    if request.method != "POST":
        context = {"nav_active": "members", "person": membership.user}
        return render(request, "workspace/member_remove.html", context)
    memberships.remove(membership=membership, by=request.user)
    messages.success(request, f"{membership.user} is no longer a member.")
    return redirect("members")


@require_POST
@workspace_page("members.update")
def suspend(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    membership = memberships.find(tenant=request.tenant, membership_id=pk)
    memberships.suspend(membership=membership, by=request.user)
    messages.success(request, f"{membership.user} cannot come in until you let them.")
    return redirect("members")


@require_POST
@workspace_page("members.update")
def resume(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    membership = memberships.find(tenant=request.tenant, membership_id=pk)
    memberships.resume(membership=membership, by=request.user)
    messages.success(request, f"{membership.user} can come in again.")
    return redirect("members")


@workspace_page("workspace.view", personal=True)
def leave(request: WorkspaceRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "workspace/member_leave.html", {"nav_active": "members"})
    memberships.leave(tenant=request.tenant, by=request.user)
    logout(request)
    return redirect(f"{settings.PUBLIC_URL}/workspaces/")


def _page(
    request: WorkspaceRequest, form: InvitationForm, givable: list[roles.Choice]
) -> HttpResponse:
    people = Membership.objects.filter(tenant=request.tenant).select_related("user", "custom_role")
    page = Paginator(people.order_by("user__name", "user__email", "pk"), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    reach = roles.Reach.of_member(request.membership)
    for membership in page:
        membership.editable = _may_edit(request, membership, reach)  # type: ignore[attr-defined]
    context = {
        "nav_active": "members",
        "page": page,
        "memberships": page.object_list,
        "invitations": Invitation.objects.filter(
            tenant=request.tenant, accepted_at=None, revoked_at=None
        ).select_related("invited_by", "custom_role"),
        "links": InvitationLink.objects.open()
        .filter(tenant=request.tenant)
        .select_related("custom_role")
        if "members.invite" in request.can
        else [],
        "form": form,
        "roles": givable if "members.update" in request.can else [],
    }
    status = 422 if form.errors else 200
    return render(request, "workspace/members.html", context, status=status)


def _prove(request: WorkspaceRequest, form: Any) -> None:
    """Whoever brings somebody in who may do dangerous things shows first who they are."""
    if roles.choose(tenant=request.tenant, key=form.cleaned_data["role"]).is_powerful:
        step_up.require(request)


def _givable(request: WorkspaceRequest) -> list[roles.Choice]:
    return roles.givable(reach=roles.Reach.of_member(request.membership))


def _may_edit(request: WorkspaceRequest, membership: Membership, reach: roles.Reach) -> bool:
    if membership.role == Role.OWNER and "members.make_owner" not in request.can:
        return False
    may = {"members.update", "members.remove"} & request.can
    within = not reach.lacks(roles.held_by(membership))
    return bool(may) and within and membership.user_id != request.user.pk
