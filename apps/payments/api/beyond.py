"""`/api/v1/billing/beyond/`: use beyond the plan, and whether it is paid for."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from apps.payments.services import metering
from apps.rest.resources import Conventions
from apps.usage.services.beyond import MOST


class MeteredSerializer(serializers.Serializer[Any]):
    meter = serializers.CharField(source="part.beyond.meter")
    used = serializers.IntegerField(source="part.used", help_text="bytes, or how many")
    included = serializers.IntegerField(source="part.included")
    billed = serializers.IntegerField(help_text="units that will be on an invoice")
    cost = serializers.IntegerField(help_text="of those, in cents, without VAT")
    price = serializers.CharField()


class BeyondInput(serializers.Serializer[Any]):
    pays = serializers.BooleanField(help_text="whether what goes beyond is paid for, not refused")
    most = serializers.IntegerField(
        allow_null=True, min_value=0, max_value=MOST,
        help_text="the most for a calendar month in cents, without VAT; null: no most",
    )  # fmt: skip


class BeyondSerializer(BeyondInput):
    cost = serializers.IntegerField(read_only=True, help_text="so far this month, in cents")
    spent = serializers.DecimalField(
        source="spending.spent", default=None, read_only=True, max_digits=12, decimal_places=2,
        coerce_to_string=False, allow_null=True,
        help_text="what counts against `most`, in cents: files as if they stayed all month",
    )  # fmt: skip
    lines = MeteredSerializer(many=True, read_only=True)


class BeyondViewSet(Conventions, viewsets.ViewSet):
    """Deployments, files and mails beyond what the plan includes, this month."""

    serializer_class = BeyondSerializer
    inputs: ClassVar = {"update": BeyondInput}
    required_permissions: ClassVar = {"retrieve": "billing.view", "update": "billing.update"}

    @extend_schema(operation_id="billing_beyond", responses=BeyondSerializer)
    def retrieve(self, _request: Request, **_: Any) -> Response:
        """Used, included, billed beyond, and the cost so far."""
        return self._answer()

    @extend_schema(
        operation_id="billing_beyond_set", request=BeyondInput, responses=BeyondSerializer
    )
    def update(self, request: Request, **_: Any) -> Response:
        """Pay for what goes beyond, or not any more; what was used before is not charged."""
        metering.choose(tenant=self.tenant, by=request.user, **self.given)
        return self._answer()

    def _answer(self) -> Response:
        return Response(BeyondSerializer(metering.of(self.tenant)).data)
