"""`/api/v1/`: each action parses, calls one service, renders."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Prefetch
from django.http import HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.media.services import blobs
from apps.rest import bulk
from apps.rest.resources import Listed, Retrieved, WorkspaceViewSet
from apps.rest.strict_json import StrictJSONParser
from apps.rest.strictness import Nothing
from apps.roblox.api import serializers as shapes
from apps.roblox.models import Deployment, Environment, Experience, Release
from apps.roblox.services import deployments, experiences, releases, stagings


class ExperienceViewSet(Listed, Retrieved, WorkspaceViewSet[Experience]):
    inputs: ClassVar = {
        "create": shapes.ExperienceInput,
        "partial_update": shapes.ExperienceRename,
        "configure": shapes.EnvironmentInput,
    }
    serializer_class = shapes.ExperienceSerializer
    orderings = ("name", "created_at")
    lookup_field = "slug"
    required_permissions: ClassVar = {
        "list": "experiences.view",
        "retrieve": "experiences.view",
        "create": "experiences.create",
        "partial_update": "experiences.update",
        "environment": "experiences.view",
        "configure": "environments.update",
    }

    def get_queryset(self) -> Any:
        return Experience.objects.prefetch_related(
            Prefetch("environments", Environment.objects.with_live())
        )

    def get_serializer_class(self) -> Any:
        one = self.action in {"environment", "configure"}
        return shapes.EnvironmentSerializer if one else shapes.ExperienceSerializer

    def locked(self) -> Any:
        return self._environment() if self.action == "configure" else super().locked()

    @extend_schema(responses={201: shapes.ExperienceSerializer})
    def create(self, request: Request, **_: Any) -> Response:
        """It gets a staging and a production environment, each still without a place."""
        experience = experiences.create(by=request.user, **self.given)
        return self.answer(experience, status=status.HTTP_201_CREATED)

    @extend_schema(responses=shapes.ExperienceSerializer)
    def partial_update(self, request: Request, slug: str, **_: Any) -> Response:
        """Change its name; its address stays."""
        experience = experiences.rename(
            experience=experiences.find(slug=slug), by=request.user, **self.given
        )
        return self.answer(experience)

    @extend_schema(responses=shapes.EnvironmentSerializer)
    @action(detail=True, methods=["get"], url_path=r"environments/(?P<kind>[a-z]+)")
    def environment(self, _request: Request, **_: Any) -> Response:
        """One environment: its place, its key's state and what runs there."""
        return self.answer(self._environment())

    @extend_schema(responses=shapes.EnvironmentSerializer)
    @environment.mapping.put
    def configure(self, request: Request, **_: Any) -> Response:
        """Set an environment's place and its Open Cloud key."""
        experiences.configure(environment=self._environment(), by=request.user, **self.given)
        return self.answer(self._environment())

    def _environment(self) -> Environment:
        experience = experiences.find(slug=self.kwargs["slug"])
        return experiences.find_environment(experience=experience, kind=self.kwargs["kind"])


class ReleaseFilter(filters.FilterSet):  # type: ignore[misc]
    experience = filters.CharFilter(field_name="experience__slug")

    class Meta:
        model = Release
        fields = ["experience", "state", "version"]


class ReleaseViewSet(Listed, Retrieved, WorkspaceViewSet[Release]):
    inputs: ClassVar = {
        "create": shapes.ReleaseInput,
        "withdraw": Nothing,
        "withdraw_many": shapes.WithdrawManyInput,
    }
    filterset_class = ReleaseFilter
    orderings = ("created_at",)
    parser_classes = [StrictJSONParser, MultiPartParser]
    request_costs: ClassVar = {"create": 10, "artifact": 5}
    required_permissions: ClassVar = {
        "list": "releases.view",
        "retrieve": "releases.view",
        "artifact": "releases.view",
        "create": "releases.create",
        "withdraw": "releases.withdraw",
        "withdraw_many": "releases.withdraw",
    }

    def get_queryset(self) -> Any:
        rows = Release.objects.select_related("experience", "artifact__blob").defer(
            "artifact__tree", "artifact__class_counts", "artifact__asset_references"
        )
        return rows if self.action == "list" else rows.prefetch_related("findings")

    def get_serializer_class(self) -> Any:
        listing = self.action == "list"
        return shapes.ReleaseSerializer if listing else shapes.ReleaseDetailSerializer

    @extend_schema(
        request={"multipart/form-data": shapes.ReleaseInput},
        responses={201: shapes.ReleaseDetailSerializer},
    )
    def create(self, request: Request, **_: Any) -> Response:
        """Upload a place file. It is read at once; its scripts are scanned in a job."""
        wish = dict(self.given)
        file = wish.pop("file")
        releases.require_size(file.size)
        release = releases.create(
            experience=experiences.find(slug=wish.pop("experience")),
            content=file.read(),
            filename=file.name,
            by=request.user,
            **wish,
        )
        return self.answer(release, status=status.HTTP_201_CREATED)

    @extend_schema(responses=shapes.ReleaseDetailSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, **_: Any) -> Response:
        """It cannot be deployed any more. 409 while it is live or on its way there."""
        return self.answer(releases.withdraw(release=self.get_object(), by=request.user))

    @extend_schema(
        operation_id="releases_withdraw_many",
        responses={200: bulk.BulkAnswer, 207: bulk.BulkAnswer},
    )
    @action(detail=False, methods=["post"], url_path="withdraw")
    def withdraw_many(self, request: Request, **_: Any) -> Response:
        """Withdraw up to 100 releases."""
        return bulk.carry_out(
            dict.fromkeys(map(str, self.given["releases"])),
            lambda pk: releases.withdraw(release=releases.get(release_id=pk), by=request.user),
            all_or_nothing=self.given["all_or_nothing"],
        )

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def artifact(self, request: Request, **_: Any) -> HttpResponse:  # noqa: ARG002
        """The uploaded file, byte for byte."""
        return download(self.get_object())


class DeploymentFilter(filters.FilterSet):  # type: ignore[misc]
    experience = filters.CharFilter(field_name="environment__experience__slug")
    environment = filters.CharFilter(field_name="environment__kind")

    class Meta:
        model = Deployment
        fields = ["experience", "environment", "state", "kind"]


class DeploymentViewSet(Listed, Retrieved, WorkspaceViewSet[Deployment]):
    inputs: ClassVar = {
        "create": shapes.ReleaseChoice,
        "stage_many": shapes.StagingInput,
        "promote": shapes.ReleaseChoice,
        "rollback": shapes.RollbackInput,
    }
    filterset_class = DeploymentFilter
    orderings = ("created_at",)
    request_costs: ClassVar = {"create": 5, "stage_many": 20, "promote": 5, "rollback": 5}
    required_permissions: ClassVar = {
        "list": "deployments.view",
        "retrieve": "deployments.view",
        "create": "deployments.stage",
        "stage_many": "deployments.stage",
        "promote": "deployments.promote",
        "rollback": "deployments.rollback",
    }

    def get_queryset(self) -> Any:
        rows = deployments.history()
        return rows if self.action == "list" else rows.prefetch_related("steps")

    def get_serializer_class(self) -> Any:
        listing = self.action == "list"
        return shapes.DeploymentSerializer if listing else shapes.DeploymentDetailSerializer

    @extend_schema(responses={202: shapes.DeploymentDetailSerializer})
    def create(self, request: Request, **_: Any) -> Response:
        """Deploy a release to staging."""
        return self._accepted(deployments.stage(release=self._release(), by=request.user))

    @extend_schema(operation_id="deployments_stage_many", responses={202: shapes.StagingSerializer})
    @action(detail=False, methods=["post"], url_path="staging")
    def stage_many(self, request: Request, **_: Any) -> Response:
        """Deploy releases of several experiences to staging, side by side: a group of jobs. All of
        them are begun or none: 409 says in `refused` why which cannot be.
        """
        choices = {one["experience"]: one["version"] for one in self.given["releases"]}
        parent = stagings.begin(choices=choices, by=request.user)
        begun = {"job": parent, "deployments": stagings.deployments_of(parent)}
        shown = shapes.StagingSerializer(begun, context=self.get_serializer_context())
        return Response(shown.data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses={202: shapes.DeploymentDetailSerializer})
    @action(detail=False, methods=["post"])
    def promote(self, request: Request, **_: Any) -> Response:
        """Deploy to production what staging runs."""
        return self._accepted(deployments.promote(release=self._release(), by=request.user))

    @extend_schema(responses={202: shapes.DeploymentDetailSerializer})
    @action(detail=False, methods=["post"])
    def rollback(self, request: Request, **_: Any) -> Response:
        """Publish an earlier release again."""
        wish = self.given
        experience = experiences.find(slug=wish["experience"])
        version = wish["version"]
        deployment = deployments.roll_back(
            environment=experiences.find_environment(
                experience=experience, kind=wish["environment"]
            ),
            to=releases.find(experience=experience, version=version) if version else None,
            by=request.user,
        )
        return self._accepted(deployment)

    def _accepted(self, deployment: Deployment) -> Response:
        fresh = deployments.find(deployment_id=str(deployment.pk))
        return self.answer(fresh, status=status.HTTP_202_ACCEPTED)

    def _release(self) -> Release:
        experience = experiences.find(slug=self.given["experience"])
        return releases.find(experience=experience, version=self.given["version"])


def download(release: Release) -> HttpResponse:
    """The artifact as an attachment that no browser opens itself."""
    artifact = release.artifact
    response = HttpResponse(blobs.read(blob=artifact.blob), content_type="application/octet-stream")
    extension = artifact.filename.rpartition(".")[2]
    name = f"{release.experience.slug}-{release.version}.{extension}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["ETag"] = f'"{artifact.sha256}"'
    return response
