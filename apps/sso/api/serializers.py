from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.sso.models import Connection
from apps.sso.services import connections


class SignInShape(serializers.ModelSerializer[Connection]):
    """Without the client secret, which is written and never shown."""

    required: Any = serializers.BooleanField(
        source="tenant.sso_required", help_text="members come in by it only"
    )
    works = serializers.BooleanField(help_text="the last trial found nothing wrong")
    problem = serializers.CharField(help_text="what the last trial found")
    redirect_uris = serializers.SerializerMethodField(
        help_text="to be registered at the issuer, all of them"
    )
    last_signed_in_at = serializers.DateTimeField(allow_null=True)
    last_failure = serializers.CharField(
        help_text="why the last sign-in failed that the issuer or the set-up spoiled"
    )

    class Meta:
        model = Connection
        fields = (
            "name", "issuer", "client_id", "email_domains", "joins", "default_role", "required",
            "works", "tested_at", "problem", "last_signed_in_at", "last_failed_at",
            "last_failure", "redirect_uris", "created_at",
        )  # fmt: skip

    def get_redirect_uris(self, row: Connection) -> list[str]:
        return connections.callback_urls(row.tenant)


class SignInInput(serializers.Serializer[Any]):
    """All of it. Without `client_secret` the stored one stays."""

    name = serializers.CharField(max_length=40, help_text="as on the button: Continue with …")
    issuer = serializers.CharField(
        max_length=500, help_text="the address before /.well-known/openid-configuration"
    )
    client_id = serializers.CharField(max_length=255)
    client_secret = serializers.CharField(
        max_length=500, required=False, default="", help_text="never shown again"
    )
    email_domains = serializers.ListField(
        child=serializers.CharField(max_length=253), default=list, max_length=50,
        help_text="whose people are let in; empty: all the issuer knows",
    )  # fmt: skip
    joins = serializers.BooleanField(
        default=False, help_text="people of these domains become members by signing in"
    )
    default_role = serializers.ChoiceField(
        choices=Connection.GIVEN, default="teacher", help_text="what they join as"
    )


class SignInChange(serializers.Serializer[Any]):
    """What is left out stays."""

    name = serializers.CharField(max_length=40, required=False)
    issuer = serializers.CharField(max_length=500, required=False)
    client_id = serializers.CharField(max_length=255, required=False)
    client_secret = serializers.CharField(max_length=500, required=False)
    email_domains = serializers.ListField(
        child=serializers.CharField(max_length=253), required=False, max_length=50,
        help_text="all of them",
    )  # fmt: skip
    joins = serializers.BooleanField(required=False)
    default_role = serializers.ChoiceField(choices=Connection.GIVEN, required=False)
    required: Any = serializers.BooleanField(
        required=False, help_text="true takes a trial that passed"
    )


class CheckShape(serializers.Serializer[Any]):
    title = serializers.CharField()
    passed = serializers.BooleanField()
    detail = serializers.CharField(help_text="what was found, or what to change")


class TrialShape(serializers.Serializer[Any]):
    works = serializers.BooleanField()
    checks = CheckShape(many=True, help_text="step by step, up to the first that did not pass")
