"""The operator console: starting to be in as somebody, and who was."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from apps.accounts import operator_sessions
from apps.core import form_errors
from apps.core.errors import DomainError
from apps.core.operator_admin import Figure, ReadOnlyModelAdmin
from apps.impersonation.models import Impersonation, Visit
from apps.impersonation.services import impersonations
from apps.tenants import console
from apps.tenants.models import Membership
from apps.tenants.requests import by


class StartForm(forms.Form):
    reason = forms.CharField(
        label="Why?", max_length=500, widget=UnfoldAdminTextInputWidget,
        help_text="Such as the number of the ticket. The workspace's people read it.",
    )  # fmt: skip
    may_write = forms.BooleanField(
        label="I have to change something", required=False, widget=UnfoldBooleanWidget,
        help_text="Otherwise you can look at everything and change nothing.",
    )  # fmt: skip
    write_reason = forms.CharField(
        label="What, and why?", max_length=500, required=False, widget=UnfoldAdminTextInputWidget,
    )  # fmt: skip
    code = forms.CharField(
        label="One-time code", max_length=12, widget=UnfoldAdminTextInputWidget,
        help_text="A fresh one of your authenticator app: your last one is a while ago.",
    )  # fmt: skip

    def __init__(self, data: Any, *, request: HttpRequest) -> None:
        super().__init__(data)
        self.request = request
        if operator_sessions.is_proven(request):
            del self.fields["code"]

    def clean(self) -> dict[str, Any]:
        """The code is looked at last, since it is good once."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        code = found.pop("code", "")
        if code and not self.errors and not operator_sessions.prove(self.request, code):
            self.add_error("code", "This is not the present code, or it was used already.")
        return found


class VisitInline(TabularInline):  # type: ignore[misc]
    model = Visit
    verbose_name_plural = "What was asked for"
    fields = ("first_at", "method", "path", "status", "times", "last_at")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


@admin.register(Impersonation)
class ImpersonationAdmin(ReadOnlyModelAdmin):
    list_display = (
        "operator_label", "person_label", "schema_name", "reason", "may_write", "state",
        "created_at", "ended_at",
    )  # fmt: skip
    list_filter = ("may_write", "created_at")
    search_fields = ("operator_label", "person_label", "schema_name", "reason")
    exclude = ("ticket_hash",)
    inlines: ClassVar[list[Any]] = [VisitInline]
    actions: ClassVar[list[str]] = ["end"]
    list_per_page = 50

    def figures(self) -> list[Figure]:
        running = Impersonation.objects.running().count()
        return [self.figure("Operators in as somebody", running, alarm=True)]

    def get_urls(self) -> list[Any]:
        start = self.admin_site.admin_view(self.start)
        return [
            path("start/<uuid:pk>/", start, name="impersonation_start"),
            *super().get_urls(),
        ]

    @admin.action(description="End now")
    def end(self, request: HttpRequest, chosen: QuerySet[Impersonation]) -> None:
        for record in chosen.select_related("operator"):
            impersonations.end(record=record)
            messages.success(request, f"{record}: ended.")

    def start(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask why, then go to the workspace's host."""
        rows = Membership.objects.select_related("user", "tenant", "custom_role")
        membership = get_object_or_404(rows, pk=pk)
        form = StartForm(request.POST or None, request=request)
        if form.is_valid():
            try:
                return redirect(
                    impersonations.start(membership=membership, by=by(request), **form.cleaned_data)
                )
            except DomainError as error:
                form_errors.show(form, error)
        context = {
            **self.admin_site.each_context(request), "title": "Come in as somebody",
            "opts": self.opts, "form": form, "membership": membership,
        }  # fmt: skip
        return TemplateResponse(request, "operator/impersonation.html", context)


def link(membership: Membership) -> SafeString:
    """In the console's lists of members."""
    address = reverse("admin:impersonation_start", args=[membership.pk])
    return format_html(
        '<a class="text-primary-600 dark:text-primary-500 font-medium" href="{}">Come in as…</a>',
        address,
    )


console.member_links.append(link)
