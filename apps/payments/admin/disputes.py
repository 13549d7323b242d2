"""What customers' banks dispute, and how they are answered."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextareaWidget

from apps.core.errors import DomainError
from apps.core.operator_admin import Figure, tones
from apps.payments.admin.money_deeds import ACCEPT
from apps.payments.admin.payments import MoneyAdmin
from apps.payments.models import Dispute
from apps.payments.services import disputes
from apps.tenants.console import acting_operator

Status = Dispute.Status
TONES = tones({
    **dict.fromkeys(Dispute.TO_ANSWER, "danger"), Status.WON: "success", Status.LOST: "warning",
    Status.UNDER_REVIEW: "info", Status.WARNING_UNDER_REVIEW: "info",
})  # fmt: skip


class EvidenceForm(forms.Form):
    """Texts and files in Stripe's own words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in disputes.TEXTS.items():
            self.fields[name] = forms.CharField(
                label=label, required=False, max_length=20_000,
                widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            )  # fmt: skip
        for name, label in disputes.FILES.items():
            self.fields[name] = forms.FileField(
                label=label, required=False, widget=UnfoldAdminFileFieldWidget,
                help_text="PDF, PNG or JPEG; all together 4.5 MB at most.",
            )  # fmt: skip

    def parts(self) -> tuple[dict[str, str], dict[str, Any]]:
        texts = {name: self.cleaned_data[name] for name in disputes.TEXTS}
        files = {name: self.cleaned_data[name] for name in disputes.FILES}
        return texts, {name: file for name, file in files.items() if file}


@admin.register(Dispute)
class DisputeAdmin(MoneyAdmin):
    list_display = (
        "id", "customer", "shown_amount", "shown_reason", "shown_state", "due_at", "created_at",
        "answer_link",
    )  # fmt: skip
    list_filter = ("status", "reason", "created_at")
    search_fields = ("id", "payment__id", "account__name", "account__schema_name")
    fields = (
        "id", "customer", "shown_amount", "shown_reason", "shown_state", "due_at", "answer_link",
        "submission_count", "payment", "created_at", "stripe_link", "data",
    )  # fmt: skip
    actions: ClassVar[list[Any]] = [ACCEPT.as_action()]

    def get_urls(self) -> list[Any]:
        answer = self.admin_site.admin_view(require_http_methods(["GET", "POST"])(self.answer))
        mine = path("<str:pk>/answer/", answer, name="payments_dispute_answer")
        return [mine, *super().get_urls()]

    def figures(self) -> list[Figure]:
        number = Dispute.objects.to_answer().count()
        return [self.figure("Disputes to answer", number, alarm=True)]

    def answer(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The answer: saved at Stripe, or sent to the bank."""
        dispute = get_object_or_404(Dispute, pk=pk)
        form = EvidenceForm(
            request.POST or None, request.FILES or None, initial=disputes.suggest(dispute)
        )
        if request.method == "POST" and form.is_valid():
            submit = "submit" in request.POST
            texts, files = form.parts()
            try:
                disputes.answer(dispute=dispute, texts=texts, files=files, submit=submit,
                                by=acting_operator(request))  # fmt: skip
            except DomainError as error:
                for name, found in getattr(error, "errors", {}).items():
                    form.add_error(name, found)
                messages.error(request, error.detail)
            else:
                words = "The bank has your answer." if submit else "Saved; not sent yet."
                messages.success(request, words)
                return redirect("admin:payments_dispute_change", pk)
        context = {
            **self.admin_site.each_context(request), "title": f"Answer {dispute}",
            "opts": self.opts, "dispute": dispute, "form": form,
            "saved": [
                label for name, label in disputes.FILES.items()
                if (dispute.data.get("evidence") or {}).get(name)
            ],
        }  # fmt: skip
        return TemplateResponse(request, "operator/dispute_answer.html", context)

    @display(description="state", label=TONES)  # type: ignore[untyped-decorator]
    def shown_state(self, row: Dispute) -> str:
        return row.get_status_display()

    @admin.display(description="reason")
    def shown_reason(self, row: Dispute) -> str:
        return row.reason_text

    @admin.display(description="")
    def answer_link(self, row: Dispute) -> SafeString | str:
        if not row.can_be_answered:
            return ""
        url = reverse("admin:payments_dispute_answer", args=[row.pk])
        return format_html('<a class="underline" href="{}">Answer</a>', url)
