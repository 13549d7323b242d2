from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from apps.events.models import Event
from apps.realtime import authorisation

MOST = 200
LARGEST = 2**53 - 1  # a whole number that JavaScript holds exactly


class EventSerializer(serializers.ModelSerializer[Event]):
    sequence = serializers.IntegerField(help_text="its number; a workspace's have no gaps")
    channels = serializers.SerializerMethodField(help_text="of these, the ones you may listen to")
    payload = serializers.DictField(
        source="data", help_text="as its declaration says; `version` names its shape"
    )

    class Meta:
        model = Event
        fields = ["sequence", "name", "version", "channels", "payload", "created_at"]
        read_only_fields = fields

    def get_channels(self, event: Event) -> list[str]:
        return authorisation.visible_channels(event.channels, self.context["audience"])

    def to_representation(self, event: Event) -> dict[str, Any]:
        """Without asking each field: when a web process is replaced, all its clients come for
        hundreds of events each at once.
        """
        return {
            "sequence": event.sequence,
            "name": event.name,
            "version": event.version,
            "channels": self.get_channels(event),
            "payload": event.data,
            "created_at": self.fields["created_at"].to_representation(event.created_at),
        }


class EventsQuery(serializers.Serializer[Any]):
    after = serializers.IntegerField(
        min_value=0, max_value=LARGEST, required=False,
        help_text="the last number that you have; without it only `latest` is told",
    )  # fmt: skip
    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=MOST)


@extend_schema_serializer(many=False)
class Missed(serializers.Serializer[Any]):
    events = EventSerializer(many=True)
    latest = serializers.IntegerField(help_text="the highest number there is")
    is_complete = serializers.BooleanField(
        help_text="false where some of what followed is no longer kept: look at everything anew"
    )
    has_more = serializers.BooleanField(help_text="ask again after the last of these")
