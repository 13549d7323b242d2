"""Invoices and credit notes of all customers, with their documents to download."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe
from unfold.decorators import display

from apps.core.operator_admin import Figure, ReadOnlyModelAdmin, tones
from apps.payments.admin.money_deeds import INVOICE_DEEDS
from apps.payments.downloads import attachment
from apps.payments.models import CreditNote, Invoice
from apps.payments.money import text
from apps.payments.services import document_files

Row = Invoice | CreditNote
Status = Invoice.Status
TONES = tones({
    Status.PAID: "success", Status.OPEN: "info", Status.UNCOLLECTIBLE: "warning",
})  # fmt: skip
FILES: Final[dict[str, Callable[[Any], document_files.File]]] = {
    "pdf": document_files.pdf_of,
    "xml": document_files.xml_of,
}


class DocumentAdmin(ReadOnlyModelAdmin):
    """Rows with files. Stripe's object as fetched is folded into the last field."""

    files = FILES
    list_select_related = ("account",)
    list_per_page = 50
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        listed = request.resolver_match and request.resolver_match.url_name == self._name("list")
        return rows.defer("data") if listed else rows

    def get_urls(self) -> list[Any]:
        download = self.admin_site.admin_view(require_safe(self.download))
        mine = path("<path:pk>/file/<str:kind>/", download, name=self._name("file"))
        return [mine, *super().get_urls()]

    def download(self, request: HttpRequest, pk: str, kind: str) -> HttpResponse:
        row = get_object_or_404(self.get_queryset(request), pk=pk)
        if kind not in self.files:
            raise Http404
        return attachment(self.files[kind](row))

    @admin.display(description="total")
    def shown_total(self, row: Row) -> str:
        return text(row.total, row.currency)

    @admin.display(description="document")
    def shown_files(self, row: Row) -> SafeString:
        issued = getattr(row, "document", None)
        links = format_html_join(
            " ",
            '<a class="underline" href="{}">{}</a>',
            (
                (reverse(f"admin:{self._name('file')}", args=[row.pk, kind]), kind.upper())
                for kind in self.files
            ),
        )
        digest = issued.sha256 if issued else ""
        return format_html("{}<br><code>{}</code>", links, digest or "not asked for yet")

    def _name(self, what: str) -> str:
        ending = {"list": "changelist"}.get(what, what)
        return f"payments_{self.opts.model_name}_{ending}"


@admin.register(Invoice)
class InvoiceAdmin(DocumentAdmin):
    actions: ClassVar[list[Any]] = [deed.as_action() for deed in INVOICE_DEEDS]
    files = {**FILES, "receipt": document_files.receipt}
    list_display = (
        "__str__", "account", "shown_state", "shown_total", "created_at", "due_at", "paid_at",
    )  # fmt: skip
    list_filter = ("status", "collection", "billing_reason", "created_at")
    search_fields = ("number", "id", "account__name", "account__schema_name", "subscription_id")
    fields = (
        "number", "account", "shown_state", "shown_files", "shown_total", "shown_paid",
        "billing_reason", "collection", "attempt_count", "next_attempt_at", "created_at",
        "finalized_at", "due_at", "paid_at", "voided_at", "uncollectible_at", "period_start",
        "period_end", "hosted_url", "subscription_id", "id", "data",
    )  # fmt: skip

    @display(description="state", label=TONES)  # type: ignore[untyped-decorator]
    def shown_state(self, row: Invoice) -> str:
        return row.get_status_display()

    @admin.display(description="paid, of what was due")
    def shown_paid(self, row: Invoice) -> str:
        return f"{text(row.amount_paid, row.currency)} of {text(row.amount_due, row.currency)}"

    def figures(self) -> list[Figure]:
        return [self.figure("Open invoices", Invoice.objects.owed().count(), "status__exact=open")]


@admin.register(CreditNote)
class CreditNoteAdmin(DocumentAdmin):
    list_display = ("number", "account", "status", "shown_total", "reason", "created_at")
    list_filter = ("status", "reason", "type", "created_at")
    search_fields = ("number", "id", "invoice_id", "account__name", "account__schema_name", "memo")
    fields = (
        "number", "account", "shown_invoice", "status", "shown_files", "shown_total", "type",
        "reason", "memo", "created_at", "voided_at", "id", "data",
    )  # fmt: skip

    @admin.display(description="invoice")
    def shown_invoice(self, row: CreditNote) -> SafeString:
        url = reverse("admin:payments_invoice_change", args=[row.invoice_id])
        return format_html('<a class="underline" href="{}">{}</a>', url, row.invoice_id)
