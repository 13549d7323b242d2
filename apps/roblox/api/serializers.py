"""The shapes of the API: what services take and what rows look like outside."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.media.models import Blob
from apps.rest.bulk import MOST, BulkInput
from apps.roblox.models import (
    Artifact,
    Deployment,
    DeploymentStep,
    Environment,
    Experience,
    Finding,
    Release,
)
from apps.roblox.services import stagings
from apps.tenants.api.jobs import JobDetailSerializer


class EnvironmentSerializer(serializers.ModelSerializer[Environment]):
    live_release = serializers.CharField(
        source="live_deployment.release.version", default=None, read_only=True, allow_null=True
    )
    roblox_version = serializers.IntegerField(
        source="live_deployment.roblox_version", default=None, read_only=True, allow_null=True
    )

    class Meta:
        model = Environment
        fields = [
            "kind", "place_id", "key_hint", "key_state", "key_detail", "key_scopes",
            "key_expires_at", "key_checked_at", "live_release", "roblox_version",
        ]  # fmt: skip


class EnvironmentInput(serializers.Serializer[Any]):
    place_id = serializers.IntegerField(min_value=1)
    api_key = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=2000, write_only=True,
        help_text="Left out or empty: the stored key stays.",
    )  # fmt: skip


class ExperienceSerializer(serializers.ModelSerializer[Experience]):
    environments = EnvironmentSerializer(many=True, read_only=True)

    class Meta:
        model = Experience
        fields = ["id", "name", "slug", "universe_id", "created_at", "environments"]
        read_only_fields = ["id", "slug", "created_at"]


class ExperienceInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    universe_id = serializers.IntegerField(min_value=1)


class ExperienceRename(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)


class ArtifactSerializer(serializers.ModelSerializer[Artifact]):
    size = serializers.IntegerField(help_text="bytes")
    virus_scan = serializers.ChoiceField(
        source="blob.scan_state", choices=Blob.ScanState.choices, read_only=True
    )

    class Meta:
        model = Artifact
        fields = [
            "sha256", "size", "filename", "kind", "format", "instance_count", "script_count",
            "virus_scan",
        ]  # fmt: skip


class FindingSerializer(serializers.ModelSerializer[Finding]):
    class Meta:
        model = Finding
        fields = ["rule", "severity", "path", "line", "column", "message", "excerpt"]


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    experience = serializers.SlugRelatedField[Experience](slug_field="slug", read_only=True)
    artifact = ArtifactSerializer(read_only=True)

    class Meta:
        model = Release
        fields = [
            "id", "experience", "version", "state", "notes", "artifact", "created_by",
            "created_at", "scanned_at",
        ]  # fmt: skip


class ReleaseDetailSerializer(ReleaseSerializer):
    findings = FindingSerializer(many=True, read_only=True)

    class Meta(ReleaseSerializer.Meta):
        fields = [*ReleaseSerializer.Meta.fields, "findings"]


class ReleaseInput(serializers.Serializer[Any]):
    experience = serializers.SlugField(help_text="the experience's slug")
    version = serializers.CharField(max_length=60, help_text="semantic, such as 1.4.0")
    notes = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=5000, trim_whitespace=False
    )
    file = serializers.FileField(help_text=".rbxl or .rbxlx, at most 100 MB")
    stage = serializers.BooleanField(
        default=False,
        help_text="Deploy it to staging after the scan, unless that finds something critical.",
    )


class DeploymentStepSerializer(serializers.ModelSerializer[DeploymentStep]):
    class Meta:
        model = DeploymentStep
        fields = ["name", "title", "state", "detail", "started_at", "finished_at"]


@extend_schema_field(OpenApiTypes.OBJECT)
class WhyField(serializers.JSONField):
    """The problem document a deployment ended with."""


class DeploymentSerializer(serializers.ModelSerializer[Deployment]):
    experience = serializers.CharField(source="release.experience.slug", read_only=True)
    release = serializers.CharField(source="release.version", read_only=True)
    environment = serializers.CharField(source="environment.kind", read_only=True)
    error = WhyField(allow_null=True, read_only=True)

    class Meta:
        model = Deployment
        fields = [
            "id", "experience", "release", "environment", "kind", "state", "roblox_version",
            "error", "started_by", "created_at", "started_at", "finished_at",
        ]  # fmt: skip


class DeploymentDetailSerializer(DeploymentSerializer):
    steps = DeploymentStepSerializer(many=True, read_only=True)

    class Meta(DeploymentSerializer.Meta):
        fields = [*DeploymentSerializer.Meta.fields, "steps"]


class ReleaseChoice(serializers.Serializer[Any]):
    experience = serializers.SlugField(help_text="the experience's slug")
    version = serializers.CharField(max_length=60)


class StagingInput(serializers.Serializer[Any]):
    releases = serializers.ListField(child=ReleaseChoice(), min_length=1, max_length=stagings.MOST)

    def validate_releases(self, chosen: list[dict[str, str]]) -> list[dict[str, str]]:
        if len({one["experience"] for one in chosen}) < len(chosen):
            raise serializers.ValidationError("Name each experience once.")
        return chosen


class StagingSerializer(serializers.Serializer[Any]):
    job = JobDetailSerializer(help_text="the group, with one member for each deployment")
    deployments = DeploymentSerializer(many=True, help_text="in the order of the request")


class RollbackInput(serializers.Serializer[Any]):
    experience = serializers.SlugField(help_text="the experience's slug")
    environment = serializers.ChoiceField(choices=Environment.Kind.values, default="production")
    version = serializers.CharField(
        max_length=60, required=False, default="",
        help_text="Left out: the release that ran before the present one.",
    )  # fmt: skip


class WithdrawManyInput(BulkInput):
    releases = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MOST, help_text="ids"
    )
