"""The console's page of how mail goes: what left, arrived and came back, and how long it waited."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from apps.mail import charts
from apps.mail.services import statistics


def urls(page: Any) -> list[URLPattern]:
    """`page`: the console's of mails, whose permission this takes."""

    def show(request: HttpRequest) -> HttpResponse:
        if not page.has_view_permission(request):
            raise PermissionDenied
        report = statistics.report()
        context = {
            **page.admin_site.each_context(request), "title": "Mail, how it goes",
            "opts": page.opts, "report": report, "plots": charts.of(report),
            "days": [
                (day, numbers, charts.seconds(numbers.p50), charts.seconds(numbers.p95))
                for day, numbers in reversed(report.days)
                if numbers.written
            ],
        }  # fmt: skip
        return TemplateResponse(request, "operator/mail_statistics.html", context)

    guard = page.admin_site.admin_view
    return [path("statistics/", guard(require_safe(show)), name="mail_statistics")]
