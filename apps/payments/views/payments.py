"""The workspace's host: Settings > Billing > Payments."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from apps.payments.models import Payment
from apps.payments.services import payment_history
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest

PAGE_SIZE = 25


@require_safe
@workspace_page("billing.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    """`?state=` narrows it; what cannot be is as if it were not there."""
    rows = payment_history.of(request.tenant)
    state = request.GET.get("state", "")
    chosen = state if state in Payment.Status.values else ""
    if chosen:
        rows = rows.filter(status=chosen)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "nav_active": "settings",
        "page": page,
        "states": [("", "All states"), *Payment.Status.choices],
        "chosen": chosen,
        "query": urlencode({"state": chosen}) if chosen else "",
    }
    return render(request, "workspace/billing/payments.html", context)
