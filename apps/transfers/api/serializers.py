from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.transfers.models import Export


class ExportSerializer(serializers.ModelSerializer[Export]):
    encrypted_to = serializers.CharField(source="recipient", help_text="empty: not encrypted")
    job = serializers.UUIDField(source="run_id", allow_null=True)
    bytes = serializers.IntegerField(source="size")

    class Meta:
        model = Export
        fields = [
            "id", "state", "with_media", "encrypted_to", "job", "bytes", "sha256", "rows", "files",
            "problem", "asked_by", "created_at", "finished_at", "expires_at", "downloaded_at",
        ]  # fmt: skip


class ExportInput(serializers.Serializer[Any]):
    with_media = serializers.BooleanField(default=True, help_text="stored files, too")
    encrypt_to = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=80,
        help_text="an x25519 key; only then do Roblox keys come along",
    )  # fmt: skip


class DownloadSerializer(serializers.Serializer[Any]):
    url = serializers.URLField(help_text="works for an hour, takes Range requests")
    expires_at = serializers.DateTimeField()


class DownloadQuery(serializers.Serializer[Any]):
    token = serializers.CharField(allow_blank=True, help_text="as `download` gives it")
