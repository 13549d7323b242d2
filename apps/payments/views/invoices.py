"""The workspace's host: Settings > Billing > Invoices."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from apps.payments.downloads import attachment
from apps.payments.models import Invoice
from apps.payments.services import document_files, invoices
from apps.tenants.pages import workspace_page
from apps.tenants.requests import WorkspaceRequest

PAGE_SIZE = 25


@require_safe
@workspace_page("billing.view")
def index(request: WorkspaceRequest) -> HttpResponse:
    """`?year=` and `?state=` narrow it; what cannot be is as if it were not there."""
    rows, years = invoices.of(request.tenant), invoices.years(request.tenant)
    state, year = request.GET.get("state", ""), request.GET.get("year", "")
    chosen = {"year": year if year in map(str, years) else "", "state": state}
    chosen["state"] = state if state in dict(invoices.STATES) else ""
    if chosen["year"]:
        rows = rows.filter(created_at__year=int(chosen["year"]))
    if chosen["state"]:
        rows = rows.filter(status=chosen["state"])
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    notes = invoices.credited(page.object_list)
    context = {
        "nav_active": "settings",
        "page": page,
        "rows": [(invoice, notes.get(invoice.pk, [])) for invoice in page.object_list],
        "years": [("", "All years"), *((str(one), str(one)) for one in years)],
        "states": [("", "All states"), *invoices.STATES],
        "chosen": chosen,
        "query": urlencode({name: value for name, value in chosen.items() if value}),
    }
    return render(request, "workspace/billing/invoices.html", context)


@require_safe
@workspace_page("billing.view")
def detail(request: WorkspaceRequest, pk: str) -> HttpResponse:
    invoice = invoices.find(tenant=request.tenant, invoice_id=pk)
    context = {
        "nav_active": "settings",
        "invoice": invoice,
        "document": document_files.of(invoice).document,
        "notes": invoices.credited([invoice]).get(pk, []),
    }
    return render(request, "workspace/billing/invoice.html", context)


@require_safe
@workspace_page("billing.view")
def pdf(request: WorkspaceRequest, pk: str) -> HttpResponse:
    return attachment(document_files.pdf_of(_invoice(request, pk)))


@require_safe
@workspace_page("billing.view")
def xml(request: WorkspaceRequest, pk: str) -> HttpResponse:
    return attachment(document_files.xml_of(_invoice(request, pk)))


@require_safe
@workspace_page("billing.view")
def receipt(request: WorkspaceRequest, pk: str) -> HttpResponse:
    invoice = invoices.find(tenant=request.tenant, invoice_id=pk)
    return attachment(document_files.receipt(invoice))


@require_safe
@workspace_page("billing.view")
def credit_note_pdf(request: WorkspaceRequest, pk: str) -> HttpResponse:
    note = invoices.find_credit_note(tenant=request.tenant, note_id=pk)
    return attachment(document_files.pdf_of(note))


@require_safe
@workspace_page("billing.view")
def credit_note_xml(request: WorkspaceRequest, pk: str) -> HttpResponse:
    note = invoices.find_credit_note(tenant=request.tenant, note_id=pk)
    return attachment(document_files.xml_of(note))


def _invoice(request: WorkspaceRequest, pk: str) -> Invoice:
    return invoices.find(tenant=request.tenant, invoice_id=pk)
