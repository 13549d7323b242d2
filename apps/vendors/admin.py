"""The console's page of outside services."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from apps.core.errors import DomainError
from apps.core.operator_admin import Figure, ReadOnlyModelAdmin
from apps.tenants.console import acting_operator
from apps.vendors.models import Vendor
from apps.vendors.services import circuits

DEEDS = {"close": circuits.close, "open": circuits.open_by_hand}


@admin.register(Vendor)
class VendorAdmin(ReadOnlyModelAdmin):
    def figures(self) -> list[Figure]:
        try:
            shut = [c for c in circuits.overview() if c.state.state != "closed"]
        except circuits.StateUnreachable:
            return []
        return [self.figure("Outside services paused", len(shut), alarm=True)]

    def get_urls(self) -> list[URLPattern]:
        deed = self.admin_site.admin_view(require_POST(self.deed))
        return [
            path("<str:vendor>/<str:deed>/", deed, name="vendors_vendor_deed"),
            path("", self.admin_site.admin_view(self.page), name="vendors_vendor_changelist"),
        ]

    def page(self, request: HttpRequest) -> TemplateResponse:
        """Every vendor's circuit, with its last errors."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        problem, found = "", []
        try:
            found = circuits.overview()
        except circuits.StateUnreachable as error:
            problem = error.detail
        counts = {
            s: sum(c.state.state == s for c in found) for s in ("closed", "open", "half-open")
        }
        context = {
            **self.admin_site.each_context(request), "title": "Outside services",
            "circuits": found, "problem": problem, "closed": counts["closed"],
            "open": counts["open"], "half_open": counts["half-open"], "opts": self.opts,
        }  # fmt: skip
        return TemplateResponse(request, "operator/vendors.html", context)

    def deed(self, request: HttpRequest, vendor: str, deed: str) -> HttpResponse:
        """`close` or `open` in the address."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        act: Any = DEEDS.get(deed)
        try:
            if act is not None:
                act(vendor=vendor, by=acting_operator(request))
                messages.success(request, f"{vendor}: done.")
        except DomainError as error:
            messages.error(request, error.detail)
        return redirect("admin:vendors_vendor_changelist")
