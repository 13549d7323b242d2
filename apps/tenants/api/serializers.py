"""The shapes of the workspace's own part of the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.tenants.models import Domain, Tenant


class WorkspaceSerializer(serializers.ModelSerializer[Tenant]):
    host = serializers.CharField(read_only=True, help_text="where links lead")
    url = serializers.CharField(read_only=True)

    class Meta:
        model = Tenant
        fields = [
            "name", "slug", "kind", "state", "host", "url", "accent", "locale", "time_zone",
            "created_at", "suspended_at", "suspension_reason", "read_only_since",
            "read_only_reason",
        ]  # fmt: skip
        read_only_fields = fields


class WorkspaceChange(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100, required=False)


class DomainSerializer(serializers.ModelSerializer[Domain]):
    state = serializers.ChoiceField(
        choices=["own", "former", "verified", "unseen", "waiting", "off"],
        read_only=True,
        help_text="unseen: served, though its record has vanished; off: not served any more",
    )
    record_name = serializers.SerializerMethodField(help_text="where the TXT record belongs")
    record_value = serializers.SerializerMethodField()
    is_main = serializers.SerializerMethodField(help_text="whether links lead to it")

    class Meta:
        model = Domain
        fields = [
            "id", "domain", "kind", "state", "is_main", "record_name", "record_value", "problem",
            "created_at", "verified_at", "checked_at", "missing_since", "expires_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_record_name(self, domain: Domain) -> str:
        return domain.record_name if domain.kind == Domain.Kind.CUSTOM else ""

    def get_record_value(self, domain: Domain) -> str:
        return domain.record_value if domain.kind == Domain.Kind.CUSTOM else ""

    def get_is_main(self, domain: Domain) -> bool:
        return bool(domain.domain == domain.tenant.host)


class DomainInput(serializers.Serializer[Any]):
    domain = serializers.CharField(max_length=253, help_text="such as lab.school.example")
