"""Who may open a page.

@workspace_page("releases.view")
def detail(request: WorkspaceRequest, release_id: UUID) -> HttpResponse: ...
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render, resolve_url
from django.utils.cache import add_never_cache_headers
from django_htmx.http import HttpResponseClientRedirect

from apps.accounts.services import step_up
from apps.tenants.access import allowed_while_suspended, explain, refuse_unless_writable
from apps.tenants.errors import PermissionMissing
from apps.tenants.permissions import DECLARED, PROVEN
from apps.tenants.requests import PublicRequest, WorkspaceRequest

SAFE = ("GET", "HEAD", "OPTIONS")
METHODS = (*SAFE, "POST")
P = ParamSpec("P")
WorkspaceView = Callable[Concatenate[WorkspaceRequest, P], HttpResponseBase]
PersonView = Callable[Concatenate[PublicRequest, P], HttpResponseBase]
Page = Callable[Concatenate[Any, P], HttpResponseBase]


def workspace_page(
    permission: str, *, post: str = "", personal: bool = False
) -> Callable[[WorkspaceView[P]], Page[P]]:
    """A page of the workspace for members whose role includes `permission`; where what is sent
    from it takes another one, `post` names that. `personal`: it is about one's own membership,
    so that nobody else does it in one's name.

    Strangers are sent to sign in and come back; people of other workspaces and members
    without the permission get a 403 page that says which of the two it is. While the workspace is
    suspended or read-only its pages can be read, nothing more. What takes a permission of `PROVEN`
    asks first who it is. An unknown permission is refused when the view is defined.
    """
    for name in (permission, post or permission):
        if name not in DECLARED:
            raise LookupError(f"{name} is not in apps.tenants.permissions")

    def decorate(view: WorkspaceView[P]) -> Page[P]:
        @wraps(view)
        def page(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method not in METHODS:
                return HttpResponseNotAllowed(METHODS)
            if not request.user.is_authenticated:
                return to_sign_in(request)
            if getattr(request, "membership", None) is None:
                return render(request, "errors/not_member.html", status=403)
            needed = permission if request.method in SAFE else post or permission
            if needed not in request.can:
                text = explain(needed, membership=request.membership)
                raise PermissionMissing(text, permission=needed)
            if request.method not in SAFE:
                _require_writable(request, needed)
            return _private(view(request, *args, **kwargs))

        # What apps.gateway.endpoints and apps.impersonation read.
        vars(page).update(
            permission=permission, post_permission=post or permission, personal=personal,
            proven=(post or permission) in PROVEN or vars(view).get("proven", False),
        )  # fmt: skip
        return page

    return decorate


def _require_writable(request: WorkspaceRequest, needed: str) -> None:
    if not allowed_while_suspended(needed):
        refuse_unless_writable(request.tenant)
    if needed in PROVEN:
        step_up.require(request)


def person_page(view: PersonView[P]) -> Page[P]:
    """A page of the public host for anyone signed in."""

    @wraps(view)
    def page(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_sign_in(request)
        return _private(view(request, *args, **kwargs))

    return page


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back; a fragment request moves the whole page."""
    if getattr(request, "htmx", None):
        here = urlsplit(request.headers.get("HX-Current-URL", ""))
        back = f"{here.path}?{here.query}" if here.query else here.path
        login = redirect_to_login(back or "/", resolve_url("account_login"))
        return HttpResponseClientRedirect(login.url)
    return redirect_to_login(request.get_full_path(), resolve_url("account_login"))


def _private(response: HttpResponseBase) -> HttpResponseBase:
    """Shared computers are the rule in schools: nothing stays in the browser's cache."""
    if isinstance(response, HttpResponse):
        add_never_cache_headers(response)
    return response
