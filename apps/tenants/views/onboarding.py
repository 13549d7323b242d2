"""The workspace's host: a new workspace's first steps."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import form_errors
from apps.core.errors import Invalid
from apps.tenants import roles
from apps.tenants.configuration_forms import InvitationsForm
from apps.tenants.errors import ConfigurationConflict
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest
from apps.tenants.services import onboarding
from apps.tenants.views import settings

FORM = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@workspace_page("workspace.configure")
def welcome(request: WorkspaceRequest) -> HttpResponse:
    return _page(request, "onboarding/welcome.html", {}, "")


@FORM
@workspace_page("workspace.configure")
def branding(request: WorkspaceRequest) -> HttpResponse:
    form = settings.branding_form(request)
    extra: dict[str, Any] = {}
    if form.is_bound and form.is_valid():
        try:
            onboarding.brand(
                tenant=request.tenant, by=request.user, **form.seen(), **settings.look_of(form)
            )
        except Invalid as error:
            form.take(error.errors)
        except ConfigurationConflict as clash:
            settings.insist(form, clash)
            extra = {"clash": settings.told(clash), "status": clash.status}
        else:
            return _onward(request, onboarding.BRANDING.name)
    context = {"form": form, **settings.look(form), **extra}
    return _page(request, "onboarding/branding.html", context, onboarding.BRANDING.name)


@FORM
@workspace_page("members.invite")
def invite(request: WorkspaceRequest) -> HttpResponse:
    reach = roles.Reach.of_member(request.membership)
    sent = request.POST if request.method == "POST" else None
    form = InvitationsForm(sent, roles=roles.givable(reach=reach))
    done = _invited(request, form) if form.is_bound and form.is_valid() else None
    if done and not done.refused:
        messages.success(request, _sent(done.sent))
        return _onward(request, onboarding.INVITE.name)
    context: dict[str, Any] = {"form": form}
    if done:
        # Only the refused addresses, to be put right; nothing a person wrote is lost.
        refused = "\n".join(address for address, _ in done.refused)
        form.data = {**request.POST.dict(), "emails": refused}
        context |= {"done": done, "sent_words": _sent(done.sent), "status": 422}
    return _page(request, "onboarding/invite.html", context, onboarding.INVITE.name)


@require_POST
@workspace_page("workspace.configure")
def skip(request: WorkspaceRequest, step: str) -> HttpResponse:
    onboarding.skip(tenant=request.tenant, step=step, by=request.user)
    return _onward(request, step)


@require_POST
@workspace_page("workspace.configure")
def close(request: WorkspaceRequest) -> HttpResponse:
    onboarding.close(tenant=request.tenant, by=request.user)
    messages.info(request, "Put away. You find the first steps again under Settings.")
    return redirect("/")


@require_POST
@workspace_page("workspace.configure")
def reopen(request: WorkspaceRequest) -> HttpResponse:
    onboarding.reopen(tenant=request.tenant, by=request.user)
    return redirect("welcome")


def _onward(request: WorkspaceRequest, done: str) -> HttpResponse:
    """To the next open step, or to the overview when that is somewhere else or there is none."""
    following = onboarding.progress(tenant=request.tenant, can=request.can).after(done)
    if following is None:
        messages.success(request, "That was all of it. The workspace is yours.")
        return redirect("/")
    return redirect(following.page if following.page.startswith("welcome_") else "welcome")


def _invited(request: WorkspaceRequest, form: InvitationsForm) -> onboarding.Invited | None:
    wish = form.cleaned_data
    try:
        return onboarding.invite(
            tenant=request.tenant, by=request.user, text=wish["emails"], role=wish["role"]
        )
    except Invalid as error:
        form_errors.show(form, error)
        return None


def _page(
    request: WorkspaceRequest, template: str, context: dict[str, Any], at: str
) -> HttpResponse:
    form = context.get("form")
    status = context.pop("status", 422 if form is not None and form.errors else 200)
    progress = onboarding.progress(tenant=request.tenant, can=request.can)
    context = {"nav_active": "welcome", "progress": progress, "at": at, **context}
    return render(request, template, context, status=status)


def _sent(addresses: list[str]) -> str:
    if not addresses:
        return "No invitation was sent."
    many = f"{len(addresses)} invitations are" if len(addresses) > 1 else "One invitation is"
    return f"{many} on the way to {', '.join(addresses)}."
