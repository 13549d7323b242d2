"""The console's page of how the business goes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from apps.payments.catalogue import CURRENCY
from apps.payments.money import text
from apps.payments.mrr import charts
from apps.payments.mrr.charts import AMBER, GREEN, PALE, RED, TEAL, Key
from apps.payments.mrr.movements import Kind, Month
from apps.payments.services import business
from apps.payments.services.business import MONTHS, Report


def urls(page: Any) -> list[URLPattern]:
    """`page`: the console's of customers, whose permission this takes."""

    def show(request: HttpRequest) -> HttpResponse:
        if not page.has_view_permission(request):
            raise PermissionDenied
        return _show(request, page)

    guarded = page.admin_site.admin_view(require_safe(show))
    return [path("business/", guarded, name="payments_business")]


def _show(request: HttpRequest, page: Any) -> HttpResponse:
    """`?months=` is one of `MONTHS`, anything else the first."""
    chosen = next((one for one in MONTHS if str(one) == request.GET.get("months")), MONTHS[0])
    report = business.report(number=chosen)
    context = {
        **page.admin_site.each_context(request),
        "title": "Business",
        "lengths": MONTHS,
        "chosen": chosen,
        "report": report,
        "figures": _figures(report),
        "movements": charts.movements(report.months, amount),
        "plots": _plots(report),
        "months": [_row(month, report) for month in report.months[::-1]],
        "cohorts": [(one, percent(one.rate)) for one in report.trials[::-1]],
        "failing": [(one, amount(one.amount), percent(one.rate)) for one in report.failing[::-1]],
        "plans": [(one, amount(one.monthly), percent(one.part)) for one in report.plans],
    }
    return TemplateResponse(request, "operator/business.html", context)


def amount(minor: int) -> str:
    return text(minor, CURRENCY)


def percent(part: Fraction | None) -> str:
    """`4.2 %`; a hyphen where there was nothing to take a part of."""
    return "-" if part is None else f"{float(part) * 100:.1f} %"


def _figures(report: Report) -> list[dict[str, Any]]:
    month = report.months[-1]
    failed = report.failing[-1]
    decided = [one for one in report.trials if one.rate is not None]
    begun = sum(one.trials - one.running for one in decided)
    converted = Fraction(sum(one.converted for one in decided), begun) if begun else None
    return [
        {"label": "MRR", "value": amount(month.closing),
         "note": f"{_signed(month.closing - month.opening)} this month"},
        {"label": "ARR", "value": amount(month.annual), "note": "twelve times MRR"},
        {"label": "Paying customers", "value": f"{month.customers:,}",
         "note": f"{month.customers - month.customers_before:+,} this month"},
        {"label": "ARPA", "value": amount(month.average), "note": "MRR a paying customer"},
        {"label": "Customers lost this month", "value": percent(month.customer_churn),
         "note": f"{month.count(Kind.CHURN)} of {month.customers_before}"},
        {"label": "Revenue lost this month", "value": percent(month.revenue_churn),
         "note": "by leaving and by paying less"},
        {"label": "Net revenue retention", "value": percent(report.retention),
         "note": "over twelve months"},
        {"label": "Trials that came to pay", "value": percent(converted),
         "note": f"of {begun} that are decided"},
        {"label": "Failed payments this month", "value": f"{failed.attempts:,}",
         "note": f"{amount(failed.amount)}, {_recovered(failed.rate)}",
         "alarming": failed.invoices > failed.recovered},
    ]  # fmt: skip


def _recovered(rate: Fraction | None) -> str:
    return "no invoice waits for it" if rate is None else f"{percent(rate)} recovered"


def _signed(minor: int) -> str:
    return f"{'+' if minor >= 0 else ''}{amount(minor)}"


def _plots(report: Report) -> list[charts.Plot]:
    months, starts = report.months, [month.start for month in report.months]
    failed = [one.attempts for one in report.failing]
    begun, paid = [one.trials for one in report.trials], [one.converted for one in report.trials]
    lost = [round(1000 * (month.customer_churn or 0)) for month in months]
    return [
        charts.line("MRR", starts, [one.closing for one in months], amount,
                    headline=amount(months[-1].closing)),
        charts.line("Paying customers", starts, [one.customers for one in months], _count,
                    headline=f"{months[-1].customers:,}", fill=GREEN),
        charts.line("ARPA", starts, [one.average for one in months], amount,
                    headline=amount(months[-1].average), fill=TEAL),
        charts.line("Customers lost", starts, lost, lambda one: f"{one / 10:.1f} %",
                    headline=percent(months[-1].customer_churn), fill=AMBER),
        charts.line("Failed payments", starts, failed, _count,
                    headline=f"{sum(failed):,} in all", fill=RED),
        charts.line("Trials by the month they began", starts, begun, _count, fill=PALE, over=paid,
                    headline=f"{sum(paid)} of {sum(begun)} pay",
                    keys=(Key(PALE, "began"), Key(charts.BLUE, "pay"))),
    ]  # fmt: skip


def _count(number: int) -> str:
    return f"{number:,}"


def _row(month: Month, report: Report) -> dict[str, Any]:
    """A month in words, with who moved most."""
    kinds: Sequence[Kind] = tuple(Kind)
    return {
        "start": month.start,
        "opening": amount(month.opening),
        "cells": [amount(month.amount(kind)) if month.count(kind) else "" for kind in kinds],
        "closing": amount(month.closing),
        "customers": month.customers,
        "lost": percent(month.customer_churn),
        "revenue_lost": percent(month.revenue_churn),
        "retention": percent(month.retention),
        "moved": [
            (one.customer, report.names.get(one.customer, ""), one.kind.value, _signed(one.amount))
            for one in month.movements
        ],
    }
