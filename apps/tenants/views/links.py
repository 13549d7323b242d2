"""Links that let people in: made and ended on the workspace's host, opened on the public one."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import User
from apps.accounts.services import step_up
from apps.core import form_errors
from apps.core.errors import DomainError, Invalid
from apps.core.qr_codes import drawing
from apps.tenants import roles
from apps.tenants.errors import InvitationGone, WrongAddress
from apps.tenants.forms import LinkForm
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest, by
from apps.tenants.services import invitation_links, tickets

FORM = require_http_methods(["GET", "HEAD", "POST"])


@FORM
@workspace_page("members.invite")
def create(request: WorkspaceRequest) -> HttpResponse:
    """POST makes a link and answers with its address, which is shown this once."""
    reach = roles.Reach.of_member(request.membership)
    offered = [one for one in roles.givable(reach=reach) if one.key != "owner"]
    form = LinkForm(request.POST or None, roles=offered)
    context: dict[str, object] = {"nav_active": "members", "form": form}
    if form.is_valid():
        if roles.choose(tenant=request.tenant, key=form.cleaned_data["role"]).is_powerful:
            step_up.require(request)
        try:
            link, address = invitation_links.create(
                tenant=request.tenant, by=request.user, **form.cleaned_data
            )
        except Invalid as error:
            form_errors.show(form, error)
        except DomainError as error:
            form.add_error("most_uses", error.detail)
        else:
            context |= {"link": link, "address": address, "qr": drawing(address)}
            return render(request, "workspace/link_made.html", context, status=201)
    status = 422 if form.errors else 200
    return render(request, "workspace/link_form.html", context, status=status)


@require_POST
@workspace_page("members.invite")
def revoke(request: WorkspaceRequest, pk: UUID) -> HttpResponse:
    link = invitation_links.find(tenant=request.tenant, link_id=pk)
    invitation_links.revoke(link=link, by=request.user)
    messages.success(request, f"“{link}” opens nothing any more. Who came by it stays.")
    return redirect("members")


@FORM
def show(request: HttpRequest, token: str) -> HttpResponse:
    """The public host: who invites to what. Strangers sign up or in from here; POST joins."""
    try:
        link = invitation_links.find_by_token(token=token)
    except InvitationGone as gone:
        return _page(request, {"invitation": None}, gone.status)
    person = request.user if isinstance(request.user, User) else None
    context: dict[str, object] = {
        "invitation": link, "link": link, "needs_sign_in": person is None,
        "login_url": _with_return("account_login", request.path),
        "signup_url": _with_return("account_signup", request.path),
    }  # fmt: skip
    if request.method == "POST" and person is not None:
        try:
            invitation_links.accept(link=link, by=by(request))
        except WrongAddress as error:
            return _page(request, {**context, "problem": error.detail}, error.status)
        # A form of this host may be redirected to the product's own hosts only (form-action).
        proof, at = step_up.proof_of(request), link.tenant.own_url
        return redirect(tickets.issue(tenant=link.tenant, by=person, at=at, proof=proof))
    return _page(request, context)


def _page(request: HttpRequest, context: dict[str, object], status: int = 200) -> HttpResponse:
    response = render(request, "onboarding/invitation.html", context, status=status)
    # The address holds a secret; see views.invitations.
    response["Referrer-Policy"] = "same-origin"
    return response


def _with_return(name: str, back: str) -> str:
    return f"{resolve_url(name)}?{urlencode({'next': back})}"
