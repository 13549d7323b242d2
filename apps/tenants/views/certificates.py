"""The TLS proxy's question: may it have a certificate for this host?"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.core.rates import Meter, Uncounted, Window
from apps.tenants.services import domains

ASKS = Meter("tls-ask", Window.FIXED)


@require_safe
def ask(request: HttpRequest) -> HttpResponse:
    """`?domain=`: 200 for the public host and every host that leads to a workspace, 404 for others
    (https://caddyserver.com/docs/caddyfile/options#on-demand-tls). 429 past `TLS_ASKS_A_MINUTE`.

    For a proxy on this machine or network, not for what it passes on from outside.
    """
    if "X-Forwarded-For" in request.headers:
        return _say("This is asked by the proxy itself.", 404)
    if not _within_limit():
        return _say("Too many questions; ask again in a minute.", 429)
    host = request.GET.get("domain", "").strip().rstrip(".").lower()
    if domains.may_have_certificate(host=host):
        return _say("This host is served.", 200)
    return _say("This host is not served.", 404)


def _within_limit() -> bool:
    try:
        return not ASKS.take(f"{settings.TLS_ASKS_A_MINUTE}/minute")
    except Uncounted:  # a certificate must not wait for Redis
        return True


def _say(text: str, status: int) -> HttpResponse:
    response = HttpResponse(f"{text}\n", status=status, content_type="text/plain")
    response["Cache-Control"] = "no-store"
    return response
