"""Pages, dates and times as the workspace has chosen them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import timezone, translation

from apps.tenants import configuration
from apps.tenants.models import Tenant

CONSOLE: Final = "/operator/"
# Written in English only, whatever the browser speaks, and with moments that name their zone.
CONSOLE_LOCALE: Final = "en-gb"


class LocalisationMiddleware(LocaleMiddleware):
    """On a workspace's pages its locale and time zone; on the public host, and for programs, the
    language asked for and UTC; in the operator console British English and UTC.

    In the place of Django's LocaleMiddleware, after the one that finds the workspace.
    """

    def process_request(self, request: HttpRequest) -> None:
        timezone.deactivate()
        tenant = _tenant(request)
        if tenant is None:
            super().process_request(request)
            if request.path.startswith(CONSOLE):
                translation.activate(CONSOLE_LOCALE)
            return
        found = configuration.of(tenant)
        translation.activate(found.locale)
        timezone.activate(ZoneInfo(found.time_zone))
        request.LANGUAGE_CODE = translation.get_language()

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if _tenant(request) is None:
            return super().process_response(request, response)
        response.headers.setdefault("Content-Language", translation.get_language())
        timezone.deactivate()  # a thread's next request may be on the public host
        return response


def _tenant(request: HttpRequest) -> Tenant | None:
    found: Tenant | None = getattr(request, "tenant", None)
    return None if request.path.startswith("/api/") else found


@contextmanager
def in_the_words_of(tenant: Tenant) -> Iterator[None]:
    """Outside a request, for mails and files about a workspace: its locale and time zone."""
    found = configuration.of(tenant)
    with translation.override(found.locale), timezone.override(ZoneInfo(found.time_zone)):
        yield
