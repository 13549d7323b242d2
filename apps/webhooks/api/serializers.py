from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.webhooks.catalogue import TYPES
from apps.webhooks.models import ALL_EVENTS, Attempt, Delivery, Endpoint
from apps.webhooks.services.endpoints import OVERLAPS

EVENTS = [ALL_EVENTS, *TYPES]


class EndpointSerializer(serializers.ModelSerializer[Endpoint]):
    state = serializers.ChoiceField(choices=["active", "failing", "off"], read_only=True)
    disabled_reason = serializers.CharField(
        source="get_disabled_reason_display", read_only=True, help_text="empty while it is on"
    )
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=EVENTS), read_only=True, help_text="* is all"
    )

    class Meta:
        model = Endpoint
        fields = [
            "id", "url", "description", "events", "state", "disabled_reason", "disabled_at",
            "last_success_at", "failing_since", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields


class EndpointWithSecret(EndpointSerializer):
    secret = serializers.CharField(
        read_only=True, help_text="signs what is sent; shown in this answer only"
    )
    former_secret_until = serializers.DateTimeField(
        source="former_until", read_only=True, allow_null=True
    )

    class Meta(EndpointSerializer.Meta):
        fields = [*EndpointSerializer.Meta.fields, "secret", "former_secret_until"]
        read_only_fields = fields


class EndpointInput(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=2000, help_text="public, with https")
    description = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default=""
    )
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=EVENTS), allow_empty=False, help_text="* is all"
    )


class EndpointChange(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=2000, required=False)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=EVENTS), allow_empty=False, required=False
    )


class RotateInput(serializers.Serializer[Any]):
    overlap_hours = serializers.ChoiceField(
        choices=OVERLAPS, default=24, help_text="how long the former secret signs along"
    )


class ReplayInput(serializers.Serializer[Any]):
    since = serializers.DateTimeField(help_text="what was given up or skipped since then")


class Replayed(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="deliveries on their way again")


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    class Meta:
        model = Attempt
        fields = [
            "number", "at", "url", "request_headers", "status", "headers", "body", "problem",
            "milliseconds",
        ]  # fmt: skip


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    event = serializers.CharField(source="event.type")
    message_id = serializers.CharField(source="event.message_id", help_text="the webhook-id header")
    next_attempt_at = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = [
            "id", "event", "message_id", "state", "attempts", "status", "created_at",
            "next_attempt_at", "finished_at",
        ]  # fmt: skip

    def get_next_attempt_at(self, delivery: Delivery) -> str | None:
        pending = delivery.state == Delivery.State.PENDING
        return delivery.due_at.isoformat() if pending else None


class DeliveryDetailSerializer(DeliverySerializer):
    body = serializers.CharField(source="event.body", help_text="exactly what was signed and sent")
    log = AttemptSerializer(many=True)

    class Meta(DeliverySerializer.Meta):
        fields = [*DeliverySerializer.Meta.fields, "body", "log"]


class EventTypeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    version = serializers.IntegerField()
    description = serializers.CharField(source="text")
    permission = serializers.CharField(help_text="what a subscriber has to hold")
    example = serializers.DictField(help_text="the data member of a message")
