from __future__ import annotations

from rest_framework import serializers

from apps.rest.shapes import with_known_fields
from apps.roblox.api.serializers import ReleaseSerializer
from apps.roblox.models import Release


def test_each_serializer_has_fields_of_its_own_and_the_same_as_without():
    plain = ReleaseSerializer()
    first, second = (with_known_fields(ReleaseSerializer(many=True)) for _ in range(2))
    assert repr(first.child.fields) == repr(plain.fields)
    first.child.fields.pop("id")
    assert list(second.child.fields) == list(plain.fields)
    assert all(field.parent is second.child for field in second.child.fields.values())
    assert not any(first.child.fields[n] is second.child.fields[n] for n in first.child.fields)


def test_a_serializer_that_makes_its_fields_by_itself_is_left_alone():
    class Own(ReleaseSerializer):
        def get_fields(self):
            return {"id": super().get_fields()["id"]}

    assert list(with_known_fields(Own()).fields) == ["id"]


def test_fields_that_hold_others_are_copied_whole():
    class Outer(serializers.ModelSerializer):
        inner = ReleaseSerializer(read_only=True)
        many = serializers.ListField(child=serializers.CharField(), read_only=True)

        class Meta:
            model = Release
            fields = ("id", "inner", "many")

    first, second = (with_known_fields(Outer(context={"n": n})) for n in range(2))
    for outer, number in (first, 0), (second, 1):
        assert outer.fields["inner"].fields["id"].context == {"n": number}
        assert outer.fields["many"].child.context == {"n": number}
