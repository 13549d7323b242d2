"""The console's ledger: trial balance with its plots, transactions, customers' statements, CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Greatest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from apps.core.operator_admin import DetailedModelAdmin
from apps.payments import money
from apps.payments.ledger.chart import CHART
from apps.payments.models import Account, LedgerTransaction
from apps.payments.months import midnight
from apps.payments.mrr import charts
from apps.payments.services import ledger
from apps.payments.services.ledger import exports

Page = Callable[..., HttpResponse]
DAY = timedelta(days=1)
DATE = forms.DateInput(attrs={"type": "date"})


BOUNDS = (MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31)))


def _day() -> forms.DateField:
    return forms.DateField(required=False, widget=DATE, validators=BOUNDS)


class AsOf(forms.Form):
    """The end of which day; without one, now."""

    on = _day()

    @property
    def moment(self) -> datetime | None:
        day = self.cleaned_data.get("on") if self.is_valid() else None
        return midnight(day + DAY) if day else None


class Span(forms.Form):
    """First and last day; without them, the year up to today."""

    first, last = _day(), _day()

    def moments(self, today: date) -> tuple[datetime, datetime]:
        chosen = self.cleaned_data if self.is_valid() else {}
        last = chosen.get("last") or today
        first = chosen.get("first") or min(last, today).replace(month=1, day=1)
        return midnight(min(first, last)), midnight(max(first, last) + DAY)


class LedgerAccountFilter(admin.SimpleListFilter):
    title = "ledger account"
    parameter_name = "ledger"

    def lookups(self, *_: Any) -> list[tuple[str, str]]:
        return [(account.code, account.name) for account in CHART]

    def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return rows
        return rows.filter(entries__ledger_account=self.value()).distinct()


class DetailFilter(admin.SimpleListFilter):
    """Revenue's stream or tax's rate: reached from the trial balance."""

    title = "part"
    parameter_name = "part"

    def lookups(self, request: HttpRequest, _page: Any) -> list[tuple[str, str]]:
        chosen = request.GET.get(self.parameter_name)
        return [(chosen, exports.labels([chosen]).get(chosen, chosen))] if chosen else []

    def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(entries__detail=self.value()).distinct() if self.value() else rows


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(DetailedModelAdmin):
    list_display = ("occurred_at", "memo", "customer", "moved", "source_id")
    list_display_links = ("memo",)
    list_filter = (LedgerAccountFilter, DetailFilter, "source_type")
    search_fields = (
        "source_id",
        "memo",
        "account__name",
        "account__schema_name",
        "account__customer_id",
    )
    search_help_text = "Customer, workspace's schema, number of an invoice, or Stripe's id"
    list_select_related = ("account",)
    list_per_page = 50
    show_full_result_count = False
    date_hierarchy = "occurred_at"
    fields = (
        "memo", "customer", "occurred_at", "posted_at", "kind", "source_type", "source_id", "key",
        "corrects",
    )  # fmt: skip
    readonly_fields = fields
    change_form_outer_before_template = "operator/_ledger_entries.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        # A subquery of its own: filters by entries must not lessen the sum.
        sums = (
            LedgerTransaction.objects.filter(pk=OuterRef("pk"))
            .values("pk")
            .annotate(found=Sum(Greatest("entries__amount", 0)))
            .values("found")
        )
        found: QuerySet[Any] = rows.annotate(volume=Subquery(sums))
        return found

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[Page, str]] = {
            "ledger/": (self.trial_balance, "payments_ledger"),
            "ledger/trial-balance.csv": (self.trial_csv, "payments_ledger_trial_csv"),
            "ledger/journal.csv": (self.journal_csv, "payments_ledger_journal_csv"),
            "statement/<uuid:pk>/": (self.statement, "payments_ledger_statement"),
        }
        mine = [
            path(address, self.admin_site.admin_view(require_safe(self.looking(page))), name=name)
            for address, (page, name) in pages.items()
        ]
        return [*mine, *super().get_urls()]

    def looking(self, page: Page) -> Page:
        def guarded(request: HttpRequest, **about: Any) -> HttpResponse:
            if not self.has_view_permission(request):
                raise PermissionDenied
            return page(request, **about)

        return guarded

    def trial_balance(self, request: HttpRequest) -> TemplateResponse:
        form = AsOf(request.GET or None)
        found = ledger.trial_balance(at=form.moment)
        last = (form.moment or timezone.now()).astimezone(UTC)
        months = ledger.by_month(last=(last - timedelta(microseconds=1)).date())
        return self._page(request, "operator/ledger.html", "Ledger", {
            "form": form,
            "balance": found,
            "labels": exports.labels(row.detail for row in found.rows),
            "plots": _plots(months, found.currency),
        })  # fmt: skip

    def trial_csv(self, request: HttpRequest) -> HttpResponse:
        found = ledger.trial_balance(at=AsOf(request.GET or None).moment)
        return _csv(exports.trial(found), "trial-balance")

    def journal_csv(self, request: HttpRequest) -> HttpResponse:
        start, end = Span(request.GET or None).moments(timezone.now().date())
        return _csv(exports.journal(start, end), f"journal-{start:%Y-%m-%d}")

    def statement(self, request: HttpRequest, pk: Any) -> TemplateResponse:
        account = get_object_or_404(Account, pk=pk)
        form = Span(request.GET or None)
        start, end = form.moments(account.now.astimezone(UTC).date())
        found = ledger.statement(account, start, end)
        return self._page(request, "operator/ledger_statement.html", f"Statement: {account}", {
            "form": form, "statement": found, "last_day": end - DAY,
        })  # fmt: skip

    def _page(
        self, request: HttpRequest, template: str, title: str, context: dict[str, Any]
    ) -> TemplateResponse:
        shell = {**self.admin_site.each_context(request), "title": title}
        return TemplateResponse(request, template, {**shell, **context})

    def details(self, request: HttpRequest, row: Any) -> dict[str, Any]:  # noqa: ARG002
        entries = list(row.entries.all())
        return {"entries": entries, "labels": exports.labels(one.detail for one in entries)}

    @admin.display(description="Amount", ordering="volume")
    def moved(self, row: Any) -> str:
        return money.text(row.volume or 0, row.currency)

    @admin.display(description="Customer", ordering="account__name")
    def customer(self, row: LedgerTransaction) -> SafeString | str:
        if row.account is None:
            return "-"
        url = reverse("admin:payments_ledger_statement", args=[row.account_id])
        return format_html('<a href="{}">{}</a>', url, row.account)


def _csv(lines: Iterator[str], name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)  # type: ignore[return-value]


def _plots(months: list[ledger.Month], currency: str) -> list[charts.Plot]:
    def words(amount: int) -> str:
        return money.text(amount, currency)

    starts = [month.start for month in months]
    earned = [month.earned for month in months]
    deferred = [month.deferred for month in months]
    return [
        charts.line(
            "Revenue", starts, earned, words, headline=f"{words(sum(earned))} in twelve months"
        ),
        charts.line(
            "Deferred revenue", starts, deferred, words, headline=f"{words(deferred[-1])} to earn",
            fill=charts.TEAL,
        ),
    ]  # fmt: skip
