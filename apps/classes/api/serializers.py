from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.classes.models import Pupil, SchoolClass

PupilState = [
    ("ready", "Has pictures"), ("to_choose", "Chooses pictures on the next sign-in"),
    ("badge_only", "Signs in with the badge"), ("locked", "Too many wrong tries"),
]  # fmt: skip


class TeacherSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="user_id")
    name = serializers.CharField(source="user.name")


class ClassSerializer(serializers.ModelSerializer[SchoolClass]):
    code = serializers.CharField(read_only=True, help_text="What pupils type to sign in.")
    is_paused = serializers.BooleanField(read_only=True)
    is_archived = serializers.SerializerMethodField()
    pupil_count = serializers.IntegerField(read_only=True)
    teachers = TeacherSerializer(many=True, read_only=True)

    class Meta:
        model = SchoolClass
        fields = (
            "id", "name", "code", "is_paused", "is_archived", "pupil_count", "teachers",
            "created_at",
        )  # fmt: skip

    def get_is_archived(self, row: SchoolClass) -> bool:
        return not row.is_open


class ClassInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)


class ClassChange(serializers.Serializer[Any]):
    """What is left out stays."""

    name = serializers.CharField(max_length=80, required=False)
    is_paused = serializers.BooleanField(required=False)
    is_archived = serializers.BooleanField(required=False)


class PupilSerializer(serializers.ModelSerializer[Pupil]):
    id = serializers.UUIDField(source="user_id", read_only=True)
    name = serializers.CharField(source="user.name", read_only=True)
    state = serializers.ChoiceField(choices=PupilState, read_only=True)
    classes = serializers.SerializerMethodField(help_text="Ids of the classes the pupil is in.")

    class Meta:
        model = Pupil
        fields = ("id", "name", "state", "classes", "last_signed_in_at", "created_at")

    def get_classes(self, row: Pupil) -> list[str]:
        return [str(pk) for pk in getattr(row, "class_ids", None) or []]


class PupilsInput(serializers.Serializer[Any]):
    class_id = serializers.UUIDField()
    names = serializers.ListField(
        child=serializers.CharField(max_length=120), min_length=1, max_length=100
    )


class PupilChange(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)


class PupilMove(serializers.Serializer[Any]):
    from_class_id = serializers.UUIDField()
    to_class_id = serializers.UUIDField()
