from rest_framework import serializers

from apps.events.models import Event
from apps.realtime.api.serializers import EventSerializer


def test_an_event_looks_as_its_fields_say():
    event = Event(
        sequence=7, name="notice", version=1, data={"text": "ä", "more": [1]},
        channels=["private-w-x", "private-w-x.jobs"], audience=["permission:jobs.view"],
    )  # fmt: skip
    shape = EventSerializer(event, context={"audience": {"permission:jobs.view"}})
    assert shape.data == serializers.ModelSerializer.to_representation(shape, event)
    assert shape.data["channels"] == ["private-w-x.jobs"]
