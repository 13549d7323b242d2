"""The shapes of API keys and of the API's use."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from apps.gateway.models import ApiKey
from apps.gateway.networks import MOST
from apps.tenants.permissions import SCOPES


class ApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    state = serializers.ChoiceField(choices=["active", "expired", "revoked"], read_only=True)
    created_by = serializers.CharField(
        source="created_by.email", allow_null=True, read_only=True, default=None
    )

    class Meta:
        model = ApiKey
        fields = [
            "id", "name", "prefix", "environment", "state", "scopes", "networks", "expires_at",
            "last_used_at", "last_used_address", "rotated_at", "former_until", "former_used_at",
            "created_at", "created_by",
        ]  # fmt: skip
        read_only_fields = fields


class NewSecretSerializer(ApiKeySerializer):
    """A key just made or rotated."""

    secret = serializers.CharField(help_text="shown this once", read_only=True)

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "secret"]
        read_only_fields = fields


class ApiKeyInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=list(SCOPES)), allow_empty=False
    )
    environment = serializers.ChoiceField(
        choices=ApiKey.Environment.choices,
        default=ApiKey.Environment.LIVE,
        help_text="a `test` key looks, uploads and deploys to staging; it never reaches production",
    )
    networks = serializers.ListField(
        child=serializers.CharField(max_length=43), max_length=MOST, default=list,
        help_text="CIDR; empty allows every address",
    )  # fmt: skip
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class ApiKeyChange(serializers.Serializer[Any]):
    """What is left out stays."""

    name = serializers.CharField(max_length=80, required=False)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=list(SCOPES)), allow_empty=False, required=False
    )
    networks = serializers.ListField(
        child=serializers.CharField(max_length=43), max_length=MOST, required=False
    )


class RotationInput(serializers.Serializer[Any]):
    overlap = serializers.DurationField(
        default=timedelta(days=1),
        help_text="how long the present secret works on: `[days ]hh:mm:ss`, 30 days at most",
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class RequestsQuery(serializers.Serializer[Any]):
    by = serializers.ChoiceField(
        choices=["hour", "day"], default="day", help_text="hours are kept 14 days"
    )
    key = serializers.UUIDField(required=False, help_text="of this API key only")

    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of Python, so it cannot be written as an attribute.
        first = serializers.DateField(
            required=False, help_text="first day, UTC; 48 hours or 30 days when left out"
        )
        last = serializers.DateField(required=False, help_text="last day, UTC; today")
        return {**super().get_fields(), "from": first, "to": last}


class NumbersSerializer(serializers.Serializer[Any]):
    requests = serializers.IntegerField()
    client_errors = serializers.IntegerField(help_text="4xx but 429")
    limited = serializers.IntegerField(help_text="429")
    server_errors = serializers.IntegerField(help_text="5xx")
    credits = serializers.IntegerField()
    p50_ms = serializers.IntegerField(allow_null=True)
    p95_ms = serializers.IntegerField(allow_null=True)


class MomentSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    numbers = NumbersSerializer()


class CallerUseSerializer(serializers.Serializer[Any]):
    caller = serializers.CharField(
        source="name", help_text="an API key's id, `people`, or `nobody` where none was known"
    )
    title = serializers.CharField()
    numbers = NumbersSerializer()


class EndpointUsageSerializer(serializers.Serializer[Any]):
    endpoint = serializers.CharField(source="name")
    numbers = NumbersSerializer()


@extend_schema_serializer(many=False)
class RequestsSerializer(serializers.Serializer[Any]):
    by = serializers.ChoiceField(choices=["hour", "day"])
    total = NumbersSerializer()
    series = MomentSerializer(source="moments", many=True)
    callers = CallerUseSerializer(many=True)
    endpoints = EndpointUsageSerializer(many=True)
