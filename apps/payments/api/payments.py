"""`/api/v1/payments/`: to read."""

from __future__ import annotations

from typing import Any, ClassVar

from django_filters import rest_framework as filters
from rest_framework import serializers

from apps.payments.models import Payment, Refund
from apps.payments.services import payment_history
from apps.rest.resources import Listed, Retrieved, WorkspaceViewSet


class RefundSerializer(serializers.ModelSerializer[Refund]):
    state = serializers.ChoiceField(choices=payment_history.CHOICES, read_only=True)

    class Meta:
        model = Refund
        fields = ["id", "amount", "currency", "state", "credit_note_id", "asked_at", "done_at"]
        read_only_fields = fields


class PaymentSerializer(serializers.ModelSerializer[Payment]):
    """One attempt to pay. Amounts are minor units of `currency`: 2900 of eur are 29 euros."""

    currency = serializers.CharField(read_only=True, help_text="ISO 4217, in small letters")
    failure = serializers.CharField(
        read_only=True, help_text="why it failed, in a sentence; empty where it did not"
    )
    invoice_id = serializers.CharField(read_only=True, allow_null=True)
    invoice_number = serializers.CharField(
        source="invoice.number", read_only=True, default="", help_text="empty for none"
    )
    refunds = RefundSerializer(source="told_refunds", many=True, read_only=True)

    class Meta:
        model = Payment
        fields = [
            "id", "status", "currency", "amount", "amount_refunded", "method", "failure",
            "failure_code", "is_disputed", "invoice_id", "invoice_number", "refunds", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class PaymentFilter(filters.FilterSet):  # type: ignore[misc]
    invoice = filters.CharFilter(field_name="invoice_id")
    year = filters.NumberFilter(field_name="created_at", lookup_expr="year")

    class Meta:
        model = Payment
        fields = ["status", "invoice", "year"]


class PaymentViewSet(Listed, Retrieved, WorkspaceViewSet[Payment]):
    """What was paid and what failed, newest first, with what was given back."""

    serializer_class = PaymentSerializer
    filterset_class = PaymentFilter
    queryset = Payment.objects.none()
    orderings = ("created_at",)
    lookup_value_regex = "[A-Za-z0-9_]+"
    required_permissions: ClassVar = {"list": "billing.view", "retrieve": "billing.view"}

    def get_queryset(self) -> Any:
        return payment_history.of(self.tenant)
