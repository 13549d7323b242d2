"""The workspace's host: coming in with a ticket from the public host."""

from __future__ import annotations

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.services import step_up
from apps.tenants.errors import TicketRefused
from apps.tenants.services import tickets

BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@require_GET
def enter(request: HttpRequest) -> HttpResponse:
    """`?ticket=…` becomes a session of this host; a used one lets in nobody new. `next` is where
    on this host the person lands.
    """
    onward = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(onward, allowed_hosts=None):
        onward = "/"
    tenant = request.tenant  # type: ignore[attr-defined]
    try:
        user, proof = tickets.redeem(ticket=request.GET.get("ticket", ""), tenant=tenant)
    except TicketRefused:
        if request.user.is_authenticated:  # the browser's back button, a double click
            return redirect(onward)
        raise
    login(request, user, backend=BACKEND)
    step_up.adopt(request, proof)
    response = redirect(onward)
    response["Referrer-Policy"] = "no-referrer"
    return response
