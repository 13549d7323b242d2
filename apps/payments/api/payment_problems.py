"""`/api/v1/payment-problems/`: to read. What ends one is done at Stripe's page."""

from __future__ import annotations

from typing import Any, ClassVar

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.payments.dunning import Stage
from apps.payments.models import DunningCase
from apps.payments.services import dunning_timeline
from apps.rest.resources import Listed, Retrieved, WorkspaceViewSet


class TimelineEntrySerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    title = serializers.CharField()
    state = serializers.ChoiceField(
        choices=["succeeded", "running", "pending"], help_text="`pending`: comes unless it is paid"
    )
    detail = serializers.CharField(help_text="may be empty")


class PaymentProblemSerializer(serializers.ModelSerializer[DunningCase]):
    """An invoice that was not paid when it was to be. Amounts are minor units of `currency`."""

    currency = serializers.CharField(read_only=True, help_text="ISO 4217, in small letters")
    invoice_id = serializers.CharField(read_only=True)
    invoice_number = serializers.CharField(source="invoice.number", read_only=True)
    amount = serializers.IntegerField(read_only=True, help_text="what was owed when it began")
    amount_remaining = serializers.IntegerField(
        source="invoice.amount_remaining", read_only=True, help_text="what is owed now"
    )
    is_overdue = serializers.BooleanField(
        read_only=True, help_text="to be paid by transfer and late; else a payment failed"
    )
    stage = serializers.ChoiceField(
        choices=Stage.choices, read_only=True, help_text="how far it has come, the worst last"
    )
    outcome = serializers.ChoiceField(
        choices=["", *DunningCase.Outcome.values], read_only=True,
        help_text="how it ended; empty while it is open",
    )  # fmt: skip
    to_do = serializers.SerializerMethodField(help_text="what ends it; empty once it has ended")
    pay_url = serializers.SerializerMethodField(
        help_text="Stripe's page where it is paid, by whoever has the address; empty for none"
    )
    next_attempt_at = serializers.DateTimeField(
        source="invoice.next_attempt_at", read_only=True, allow_null=True,
        help_text="when Stripe tries again by itself",
    )  # fmt: skip
    read_only_at = serializers.DateTimeField(source="dates.read_only_at", read_only=True)
    suspended_at = serializers.DateTimeField(source="dates.suspended_at", read_only=True)
    ends_at = serializers.DateTimeField(
        source="dates.ends_at", read_only=True, help_text="when the subscription ends"
    )
    timeline = serializers.SerializerMethodField()

    class Meta:
        model = DunningCase
        fields = [
            "id", "invoice_id", "invoice_number", "currency", "amount", "amount_remaining",
            "is_overdue", "stage", "outcome", "to_do", "pay_url", "began_at", "ended_at",
            "next_attempt_at", "read_only_at", "suspended_at", "ends_at", "timeline",
        ]  # fmt: skip
        read_only_fields = fields

    def get_to_do(self, case: DunningCase) -> str:
        return dunning_timeline.advice(case)

    def get_pay_url(self, case: DunningCase) -> str:
        return "" if case.ended_at else case.invoice.hosted_url

    @extend_schema_field(TimelineEntrySerializer(many=True))
    def get_timeline(self, case: DunningCase) -> Any:
        return TimelineEntrySerializer(dunning_timeline.entries(case), many=True).data


class PaymentProblemFilter(filters.FilterSet):  # type: ignore[misc]
    open = filters.BooleanFilter(
        field_name="ended_at", lookup_expr="isnull", label="whether it has not ended"
    )
    invoice = filters.CharFilter(field_name="invoice_id")

    class Meta:
        model = DunningCase
        fields = ["open", "invoice"]


class PaymentProblemViewSet(Listed, Retrieved, WorkspaceViewSet[DunningCase]):
    """What is unpaid, what happened about it and what follows, newest first."""

    serializer_class = PaymentProblemSerializer
    filterset_class = PaymentProblemFilter
    queryset = DunningCase.objects.none()
    orderings = ("began_at",)
    required_permissions: ClassVar = {"list": "billing.view", "retrieve": "billing.view"}

    def get_queryset(self) -> Any:
        return dunning_timeline.mine(self.tenant)
