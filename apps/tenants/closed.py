"""What a host answers whose workspace is not to be entered: a page, or a problem to a program."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from apps.core import problems
from apps.core.errors import DomainError, NotFound
from apps.tenants.access import refuse_unless_open
from apps.tenants.errors import AddressMoved, WorkspaceClosed, WorkspaceNotReady
from apps.tenants.models import Tenant
from apps.tenants.pages import SAFE


def absent(request: HttpRequest) -> HttpResponse:
    """No workspace has this host."""
    error = NotFound("There is no workspace at this address.")
    return _answer(request, error, "errors/no_workspace.html", None)


def closed(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """The workspace is being set up, has failed to be, or is to be deleted."""
    try:
        refuse_unless_open(tenant)
    except WorkspaceClosed as error:
        return _answer(request, error, "errors/workspace_closed.html", tenant)
    text = f"{tenant} is {tenant.get_state_display().lower()}. Try again in a minute."
    return _answer(request, WorkspaceNotReady(text), "errors/no_workspace.html", tenant)


def moved(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """To the same page at the workspace's present address; a program is told of it, because
    clients do not take their key along to another host.
    """
    if request.method in SAFE and not request.path.startswith(problems.API):
        address = f"{tenant.url}{request.get_full_path()}"
        response = HttpResponsePermanentRedirect(address, preserve_request=True)
        # Kept by a browser, it would send people in circles when a workspace moves back.
        add_never_cache_headers(response)
        return response
    error = AddressMoved(f"{tenant} is at {tenant.url} now.", moved_to=tenant.url)
    return _answer(request, error, "errors/domain.html", tenant)


def _answer(
    request: HttpRequest, error: DomainError, template: str, tenant: Tenant | None
) -> HttpResponse:
    if request.path.startswith(problems.API):
        return problems.document(error, request)
    context = {"error": error, "tenant": tenant}
    response = render(request, template, context, status=error.status)
    add_never_cache_headers(response)
    return response
