"""`/api/v1/invoices/` and `/api/v1/credit-notes/`: to read, and to download."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request

from apps.payments.downloads import attachment
from apps.payments.models import CreditNote, Invoice
from apps.payments.services import document_files, invoices
from apps.rest.resources import Listed, Retrieved, WorkspaceViewSet

PDF = {(200, document_files.PDF): OpenApiTypes.BINARY}
XML = {(200, document_files.XML): OpenApiTypes.BINARY}
SHORT = '<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:…">…'
EXAMPLES = [OpenApiExample("Answer", SHORT, media_type=document_files.XML, response_only=True)]
# What is not issued yet is issued when it is asked for, with what Stripe says.
FILES: frozenset[str] = frozenset({"pdf", "xml", "receipt"})
VIEW: dict[str, str] = dict.fromkeys(("list", "retrieve", "pdf", "xml", "receipt"), "billing.view")


class InvoiceSerializer(serializers.ModelSerializer[Invoice]):
    """Amounts are minor units of `currency`: 2900 of eur are 29 euros."""

    status = serializers.ChoiceField(choices=invoices.STATES, read_only=True)
    currency = serializers.CharField(read_only=True, help_text="ISO 4217, in small letters")
    issued_at = serializers.DateTimeField(source="finalized_at", read_only=True, allow_null=True)
    is_owed = serializers.BooleanField(read_only=True, help_text="something is still to be paid")
    pay_url = serializers.CharField(
        source="hosted_url", read_only=True, help_text="Stripe's page of it; whoever has it can pay"
    )

    class Meta:
        model = Invoice
        fields = [
            "id", "number", "status", "currency", "subtotal", "tax", "total", "amount_paid",
            "amount_remaining", "is_owed", "created_at", "issued_at", "due_at", "paid_at",
            "voided_at", "period_start", "period_end", "pay_url",
        ]  # fmt: skip
        read_only_fields = fields


class CreditNoteSerializer(serializers.ModelSerializer[CreditNote]):
    """Amounts are minor units of `currency`; they lessen the invoice `invoice_id`."""

    class Meta:
        model = CreditNote
        fields = [
            "id", "number", "invoice_id", "status", "reason", "memo", "currency", "subtotal",
            "tax", "total", "created_at", "voided_at",
        ]  # fmt: skip
        read_only_fields = fields


class InvoiceFilter(filters.FilterSet):  # type: ignore[misc]
    status = filters.ChoiceFilter(choices=invoices.STATES)
    year = filters.NumberFilter(field_name="created_at", lookup_expr="year")

    class Meta:
        model = Invoice
        fields = ["status", "year"]


class CreditNoteFilter(filters.FilterSet):  # type: ignore[misc]
    invoice = filters.CharFilter(field_name="invoice_id")
    year = filters.NumberFilter(field_name="created_at", lookup_expr="year")

    class Meta:
        model = CreditNote
        fields = ["status", "invoice", "year"]


class InvoiceViewSet(Listed, Retrieved, WorkspaceViewSet[Invoice]):
    """What was billed, newest first; drafts are not shown."""

    serializer_class = InvoiceSerializer
    filterset_class = InvoiceFilter
    queryset = Invoice.objects.none()
    orderings = ("created_at",)
    lookup_value_regex = "[A-Za-z0-9_]+"
    required_permissions: ClassVar = VIEW
    asks_vendor = FILES

    def get_queryset(self) -> Any:
        return invoices.of(self.tenant)

    @extend_schema(responses=PDF)
    @action(detail=True, methods=["get"])
    def pdf(self, request: Request, **_: Any) -> HttpResponse:  # noqa: ARG002
        """PDF/A-3 with the invoice as XML in it (Factur-X, ZUGFeRD; EN 16931)."""
        return attachment(document_files.pdf_of(self.get_object()))

    @extend_schema(responses=XML, examples=EXAMPLES)
    @action(detail=True, methods=["get"])
    def xml(self, request: Request, **_: Any) -> HttpResponse:  # noqa: ARG002
        """The XML alone: Cross Industry Invoice, profile EN 16931."""
        return attachment(document_files.xml_of(self.get_object()))

    @extend_schema(responses=PDF)
    @action(detail=True, methods=["get"])
    def receipt(self, request: Request, **_: Any) -> HttpResponse:  # noqa: ARG002
        """Confirms the payment; there is none before."""
        return attachment(document_files.receipt(self.get_object()))


class CreditNoteViewSet(Listed, Retrieved, WorkspaceViewSet[CreditNote]):
    """What was taken back of invoices, newest first."""

    serializer_class = CreditNoteSerializer
    filterset_class = CreditNoteFilter
    queryset = CreditNote.objects.none()
    orderings = ("created_at",)
    lookup_value_regex = "[A-Za-z0-9_]+"
    required_permissions: ClassVar = VIEW
    asks_vendor = FILES

    def get_queryset(self) -> Any:
        return invoices.credit_notes_of(self.tenant)

    @extend_schema(responses=PDF)
    @action(detail=True, methods=["get"])
    def pdf(self, request: Request, **_: Any) -> HttpResponse:  # noqa: ARG002
        """PDF/A-3 with the credit note as XML in it."""
        return attachment(document_files.pdf_of(self.get_object()))

    @extend_schema(responses=XML, examples=EXAMPLES)
    @action(detail=True, methods=["get"])
    def xml(self, request: Request, **_: Any) -> HttpResponse:  # noqa: ARG002
        """The XML alone; it names the invoice it is about."""
        return attachment(document_files.xml_of(self.get_object()))
