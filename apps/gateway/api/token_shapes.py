"""What `/api/v1/tokens/` and `/api/v1/sessions/` take and give."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.accounts.models import UserSession


class Credentials(serializers.Serializer[Any]):
    email = serializers.EmailField()
    password = serializers.CharField(trim_whitespace=False, max_length=200)
    code = serializers.CharField(
        required=False,
        default="",
        max_length=20,
        help_text="From the authenticator app, or a recovery code.",
    )
    name = serializers.CharField(
        required=False,
        default="",
        max_length=100,
        help_text="What the app or script calls itself in the list of devices.",
    )


class RefreshToken(serializers.Serializer[Any]):
    refresh_token = serializers.CharField(max_length=2000)


class Confirmation(serializers.Serializer[Any]):
    password = serializers.CharField(
        required=False, default="", trim_whitespace=False, max_length=200
    )
    code = serializers.CharField(required=False, default="", max_length=20)


class TokenPair(serializers.Serializer[Any]):
    access_token = serializers.CharField(source="access")
    token_type = serializers.CharField(default="Bearer")
    expires_in = serializers.IntegerField(help_text="Seconds for which the access token is good.")
    refresh_token = serializers.CharField(source="refresh", help_text="Good for one exchange.")
    session = serializers.UUIDField(source="session.pk")


class SessionSerializer(serializers.ModelSerializer[UserSession]):
    device = serializers.CharField(read_only=True)
    current = serializers.SerializerMethodField(help_text="Whether this request belongs to it.")

    class Meta:
        model = UserSession
        fields = (
            "id",
            "kind",
            "name",
            "device",
            "address",
            "created_at",
            "last_used_at",
            "current",
        )
        read_only_fields = fields

    def get_current(self, session: UserSession) -> bool:
        return bool(session.pk == self.context.get("here"))
