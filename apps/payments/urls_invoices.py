"""The workspace's host: `/settings/billing/invoices/` and `…/credit-notes/`."""

from __future__ import annotations

from django.urls import path

from apps.payments.views import invoices

HERE, NOTES = "settings/billing/invoices/", "settings/billing/credit-notes/"

urlpatterns = [
    path(HERE, invoices.index, name="billing_invoices"),
    path(f"{HERE}<str:pk>/", invoices.detail, name="billing_invoice"),
    path(f"{HERE}<str:pk>/pdf/", invoices.pdf, name="billing_invoice_pdf"),
    path(f"{HERE}<str:pk>/xml/", invoices.xml, name="billing_invoice_xml"),
    path(f"{HERE}<str:pk>/receipt/", invoices.receipt, name="billing_receipt"),
    path(f"{NOTES}<str:pk>/pdf/", invoices.credit_note_pdf, name="billing_credit_note_pdf"),
    path(f"{NOTES}<str:pk>/xml/", invoices.credit_note_xml, name="billing_credit_note_xml"),
]
