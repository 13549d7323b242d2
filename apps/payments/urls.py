"""The workspace's host: `/settings/billing/`."""

from __future__ import annotations

from apps.payments import urls_billing, urls_invoices, urls_payments, urls_problems

urlpatterns = [
    *urls_billing.urlpatterns,
    *urls_invoices.urlpatterns,
    *urls_payments.urlpatterns,
    *urls_problems.urlpatterns,
]
