"""The shapes of a workspace's realtime apps."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.realtime.models import RealtimeApp
from apps.realtime.services.realtime_apps import LONGEST_NAME, MOST_ORIGINS, OVERLAPS


class RealtimeAppSerializer(serializers.ModelSerializer[RealtimeApp]):
    state = serializers.ChoiceField(choices=["active", "off", "closed"], read_only=True)
    closed_reason = serializers.CharField(
        read_only=True, help_text="why operators closed it; only they open it again"
    )
    app_id = serializers.CharField(read_only=True, help_text="for the server libraries")
    key = serializers.CharField(read_only=True, help_text="public; clients connect with it")
    origins = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="empty allows every page"
    )

    class Meta:
        model = RealtimeApp
        fields = [
            "id", "name", "state", "app_id", "key", "client_events", "subscription_counts",
            "origins", "rotated_at", "former_until", "disabled_at", "closed_at", "closed_reason",
            "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class RealtimeAppWithSecret(RealtimeAppSerializer):
    """An app just made or rotated."""

    secret = serializers.CharField(read_only=True, help_text="shown in this answer only")

    class Meta(RealtimeAppSerializer.Meta):
        fields = [*RealtimeAppSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class RealtimeAppInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=LONGEST_NAME)
    client_events = serializers.BooleanField(default=False)
    subscription_counts = serializers.BooleanField(default=False)
    origins = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=MOST_ORIGINS, default=list,
        help_text="of pages that may connect, as https://example.com; empty allows every page",
    )  # fmt: skip


class RealtimeAppChange(serializers.Serializer[Any]):
    """What is left out stays."""

    name = serializers.CharField(max_length=LONGEST_NAME, required=False)
    client_events = serializers.BooleanField(required=False)
    subscription_counts = serializers.BooleanField(required=False)
    origins = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=MOST_ORIGINS, required=False
    )


class KeyRotationInput(serializers.Serializer[Any]):
    overlap_hours = serializers.ChoiceField(
        choices=OVERLAPS, default=24, help_text="how long the present key works on"
    )
