"""The shapes of an app's webhooks and of what was sent to them."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.realtime.models import ChannelDelivery, ChannelWebhook
from apps.realtime.news import KINDS

PREFIX_HELP = "only channels whose names begin with this; empty: every channel"


def _kinds(**options: Any) -> serializers.ListField:
    choice = serializers.ChoiceField(choices=KINDS)
    return serializers.ListField(child=choice, **options)


class ChannelWebhookSerializer(serializers.ModelSerializer[ChannelWebhook]):
    state = serializers.ChoiceField(choices=["active", "failing", "off"], read_only=True)
    events = _kinds(read_only=True)
    channel_prefix = serializers.CharField(read_only=True, help_text=PREFIX_HELP)
    problem = serializers.CharField(read_only=True, help_text="what went wrong last")
    disabled_reason = serializers.CharField(
        read_only=True, help_text="person, gone (it answered 410) or failing (for five days)"
    )

    class Meta:
        model = ChannelWebhook
        fields = [
            "id", "url", "state", "events", "channel_prefix", "failing_since", "failures",
            "problem", "last_success_at", "disabled_at", "disabled_reason", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class ChannelWebhookInput(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=2000, help_text="public, with https")
    events = _kinds(allow_empty=False)
    channel_prefix = serializers.CharField(
        max_length=200, allow_blank=True, default="", help_text=PREFIX_HELP
    )


class ChannelWebhookChange(serializers.Serializer[Any]):
    """What is left out stays."""

    url = serializers.CharField(max_length=2000, required=False)
    events = _kinds(allow_empty=False, required=False)
    channel_prefix = serializers.CharField(max_length=200, allow_blank=True, required=False)


class ChannelDeliverySerializer(serializers.ModelSerializer[ChannelDelivery]):
    """`status` is that of the last answer, null where none came."""

    kinds = serializers.ListField(child=serializers.CharField(), read_only=True)
    count = serializers.IntegerField(read_only=True, help_text="how many events")

    class Meta:
        model = ChannelDelivery
        fields = [
            "id", "state", "kinds", "count", "attempts", "status", "problem", "milliseconds",
            "created_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class ChannelDeliveryDetailSerializer(ChannelDeliverySerializer):
    """`answer`: the first kilobyte of what came back."""

    events = serializers.SerializerMethodField(help_text="as they are sent")

    class Meta(ChannelDeliverySerializer.Meta):
        fields = [*ChannelDeliverySerializer.Meta.fields, "answer", "events"]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.DictField()))
    def get_events(self, delivery: ChannelDelivery) -> Any:
        return json.loads(delivery.events)
