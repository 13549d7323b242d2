"""Unpaid invoices: the board of what is open, each case with its timeline, and what can be done."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.http import require_safe
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from apps.core.operator_admin import DetailedModelAdmin, Figure, tones
from apps.payments.admin.money_deeds import ReasonForm
from apps.payments.admin.payments import MoneyAdmin
from apps.payments.catalogue import CURRENCY
from apps.payments.dunning import Stage
from apps.payments.models import DunningCase
from apps.payments.money import text
from apps.payments.mrr import charts
from apps.payments.mrr.charts import PALE, Key
from apps.payments.services import (
    dunning_cases,
    dunning_figures,
    dunning_timeline,
    invoice_deeds,
)
from apps.tenants.access import Operator
from apps.tenants.deeds import Deed

Outcome = DunningCase.Outcome
TONES = tones({
    Stage.GRACE: "info", Stage.REMINDED: "warning", Stage.READ_ONLY: "danger",
    Stage.SUSPENDED: "danger", Stage.ENDED: "danger", Outcome.RECOVERED: "success",
    Outcome.CREDITED: "success", Outcome.WRITTEN_OFF: "warning", Outcome.CANCELLED: "warning",
})  # fmt: skip


class ExtensionForm(ReasonForm):
    days = forms.IntegerField(
        label="Days", min_value=1, max_value=dunning_cases.MOST_DAYS, initial=7,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="What is to come comes so many days later.",
    )  # fmt: skip


def _describe(case: DunningCase) -> str:
    owed = text(case.invoice.amount_remaining, case.currency)
    return f"{case.invoice} of {case.account}: {owed}, since {case.began_at:%-d %B %Y}"


def _retry(*, case: DunningCase, by: Operator) -> None:
    dunning_cases.retry(case=case, by=by)


def _write_off(*, case: DunningCase, reason: str, by: Operator) -> None:
    invoice_deeds.write_off(invoice=case.invoice, reason=reason, by=by)


EXTEND = Deed(
    "extend", "Give more time",
    "All that is to come comes later, and what the workspace suffers already is lifted until then.",
    "{} has more time.", dunning_cases.extend, ExtensionForm, subject="case", describe=_describe,
)  # fmt: skip
RETRY = Deed(
    "retry_now", "Try the payment now", "With the means of payment that is stored now.",
    "{}: tried. Its state says whether it went through.", _retry, subject="case",
    describe=_describe,
)  # fmt: skip
STOP = Deed(
    "stop_case", "Stop", "No mails, nothing is held any more. The invoice stays open.",
    "{} is stopped.", dunning_cases.stop, ReasonForm, subject="case", describe=_describe,
)  # fmt: skip
WRITE_OFF = Deed(
    "write_off_case", "Write off",
    "The invoice is not expected to be paid any more; the books say so, and nothing is held.",
    "{} is written off.", _write_off, ReasonForm, subject="case", describe=_describe,
)  # fmt: skip
DEEDS = (EXTEND, RETRY, STOP, WRITE_OFF)


class StageFilter(admin.SimpleListFilter):
    """Of those that are not over."""

    title, parameter_name = "stage", "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return list(Stage.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ARG002
        return queryset.open().with_stage().filter(reached=self.value()) if self.value() else None


@admin.register(DunningCase)
class DunningCaseAdmin(MoneyAdmin, DetailedModelAdmin):
    list_display = (
        "invoice", "customer", "shown_amount", "shown_stage", "began_at", "extended_days",
        "ended_at",
    )  # fmt: skip
    list_filter = (
        StageFilter, ("ended_at", admin.EmptyFieldListFilter), "outcome", "account__collection",
        "began_at",
    )  # fmt: skip
    search_fields = ("invoice__number", "invoice__id", "account__name", "account__schema_name")
    actions: ClassVar[list[Any]] = [deed.as_action() for deed in DEEDS]
    change_form_outer_before_template = "operator/_dunning_case.html"
    fields = (
        "invoice", "customer", "shown_amount", "shown_stage", "began_at", "extended_days",
        "ended_at", "outcome",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("invoice").prefetch_related("steps")

    def figures(self) -> list[Figure]:
        running = DunningCase.objects.open().count()
        return [self.figure("Unpaid invoices", running, "ended_at__isempty=1", alarm=True)]

    def get_urls(self) -> list[Any]:
        guarded = self.admin_site.admin_view(require_safe(self.board))
        return [path("board/", guarded, name="payments_dunning_board"), *super().get_urls()]

    def board(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": "Dunning",
            "columns": [
                (one, text(one.amount, CURRENCY), [_card(case) for case in one.cases])
                for one in dunning_figures.board()
            ],
            "plot": _plot(dunning_figures.months()),
        }
        return TemplateResponse(request, "operator/dunning.html", context)

    def details(self, request: HttpRequest, row: Any) -> dict[str, Any]:  # noqa: ARG002
        return {
            "case": row,
            "entries": dunning_timeline.entries(row, deeds=dunning_timeline.deeds_of(row)),
            "deeds": DEEDS if row.ended_at is None else (),
        }

    @display(description="state", label=TONES)  # type: ignore[untyped-decorator]
    def shown_stage(self, case: DunningCase) -> str:
        return case.get_outcome_display() if case.ended_at else str(case.stage.label)


def _card(case: DunningCase) -> dict[str, Any]:
    owed = text(case.invoice.amount_remaining, case.currency)
    asked = (step for step in case.steps.all() if step.state == "asked")
    coming = (step for step in case.steps.all() if step.state == "pending")
    return {
        "case": case, "amount": owed, "asked": next(asked, None), "next": next(coming, None),
    }  # fmt: skip


def _plot(months: list[dunning_figures.Month]) -> charts.Plot:
    rate = dunning_figures.rate(months)
    said = "nothing was owed" if rate is None else f"{rate} % of the money came in"
    return charts.line(
        "Cases by the month they began", [one.start for one in months],
        [one.cases for one in months], str, fill=PALE, over=[one.recovered for one in months],
        headline=said, keys=(Key(PALE, "began"), Key(charts.BLUE, "paid in the end")),
    )  # fmt: skip
