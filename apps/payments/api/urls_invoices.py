from __future__ import annotations

from rest_framework.routers import SimpleRouter

from apps.payments.api.invoices import CreditNoteViewSet, InvoiceViewSet

router = SimpleRouter()
router.register("invoices", InvoiceViewSet, basename="invoice")
router.register("credit-notes", CreditNoteViewSet, basename="credit-note")

urlpatterns = router.urls
