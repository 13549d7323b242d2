"""The workspace's host: to the issuer, and back as a member."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.core.exceptions import ImmediateHttpResponse
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.models import User
from apps.core.errors import DomainError
from apps.sso import rules
from apps.sso.services import connections, sign_ins
from apps.sso.services.sign_ins import LinkOffered
from apps.tenants.models import Tenant

KEPT = "sso_kept"


@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """To the issuer's page; `next` is where on this host the person lands."""
    try:
        url, kept = sign_ins.begin(
            connection=connections.get(tenant=_tenant(request)),
            redirect_uri=request.build_absolute_uri(rules.CALLBACK),
            onward=_onward(request),
        )
    except DomainError as error:
        return _failed(request, error)
    request.session[KEPT] = kept
    return redirect(url)


@never_cache
@require_GET
def finish(request: HttpRequest) -> HttpResponse:
    """Back from the issuer with a code, or with a reason why not."""
    kept = request.session.pop(KEPT, None)
    tenant, state = _tenant(request), request.GET.get("state", "")
    by_issuer = rules.came_by_issuer(request.session, tenant)
    present = request.user if request.user.is_authenticated and not by_issuer else None
    try:
        connection = connections.get(tenant=tenant)
        if error := request.GET.get("error"):
            sign_ins.decline(connection=connection, kept=kept, state=state, error=error)
        user = sign_ins.finish(
            connection=connection, kept=kept, state=state, code=request.GET.get("code", ""),
            present=present,
        )  # fmt: skip
    except LinkOffered as offer:
        return render(request, "sso/link_sent.html", {"email": offer.email})
    except DomainError as problem:
        return _failed(request, problem)
    return _sign_in(request, user, kept["onward"] if kept else "/")


@never_cache
@require_http_methods(["GET", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """The mailbox's answer: may the issuer open this account here?"""
    tenant = _tenant(request)
    try:
        held = sign_ins.read_link(tenant=tenant, token=token)
        if request.method == "POST":
            return _sign_in(request, sign_ins.accept_link(tenant=tenant, token=token), "/")
    except DomainError as error:
        return _failed(request, error)
    context = {"email": held["email"], "sso": connections.get(tenant=tenant)}
    response = render(request, "sso/link.html", context)
    response["Referrer-Policy"] = "same-origin"
    return response


def _sign_in(request: HttpRequest, user: User, onward: str) -> HttpResponse:
    """As every sign-in, with the person's own second step if they have one. The address needs no
    confirmation here, where the issuer's word is what counts.
    """
    if request.user.is_authenticated and request.user.pk != user.pk:
        get_adapter(request).logout(request)
    rules.expect(request.session, user, _tenant(request))
    login = Login(user=user, email_verification="none", redirect_url=onward)
    try:
        response: HttpResponse = perform_login(request, login)
    except ImmediateHttpResponse as refusal:
        return refusal.response  # type: ignore[no-any-return]
    return response


def _failed(request: HttpRequest, error: DomainError) -> HttpResponse:
    return render(request, "sso/failed.html", {"error": error}, status=error.status)


def _onward(request: HttpRequest) -> str:
    onward = request.POST.get("next") or request.GET.get("next") or "/"
    return onward if url_has_allowed_host_and_scheme(onward, allowed_hosts=None) else "/"


def _tenant(request: Any) -> Tenant:
    tenant: Tenant = request.tenant
    return tenant
