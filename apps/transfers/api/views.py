"""`/api/v1/exports/`: ask for an export, watch it, fetch it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from django.core.files.storage import default_storage
from django.http import HttpResponseBase
from django.utils import timezone
from django_tenants.utils import schema_context
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.rest.resources import Listed, Retrieved, WorkspaceViewSet
from apps.rest.strictness import Nothing
from apps.transfers import ranges
from apps.transfers.api import serializers as shapes
from apps.transfers.models import Export
from apps.transfers.services import downloads, exports


class ExportViewSet(Listed, Retrieved, WorkspaceViewSet[Export]):
    inputs: ClassVar = {"create": shapes.ExportInput, "destroy": Nothing}
    queries: ClassVar = {"file": shapes.DownloadQuery}
    serializer_class = shapes.ExportSerializer
    queryset = Export.objects.none()
    request_costs: ClassVar = {"create": 20}
    required_permissions: ClassVar = dict.fromkeys(
        ("list", "retrieve", "create", "download", "destroy"), "exports.create"
    )

    proven = frozenset({"download"})

    def get_queryset(self) -> Any:
        return Export.objects.filter(tenant=self.tenant).select_related("tenant")

    def get_object(self) -> Export:
        with schema_context("public"):
            return exports.find(tenant=self.tenant, export_id=self.kwargs["pk"])

    @extend_schema(responses={202: shapes.ExportSerializer})
    def create(self, request: Request, **_: Any) -> Response:
        """Start an export; one at a time."""
        export = exports.start(tenant=self.tenant, by=request.user, **self.given)
        return self.answer(export, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Remove the file before its week is over."""
        exports.remove(export=self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=shapes.DownloadSerializer)
    @action(detail=True, methods=["get"])
    def download(self, request: Request, **_: Any) -> Response:
        """A link to the file."""
        until = timezone.now() + timedelta(seconds=downloads.SECONDS)
        url = downloads.link(export=self.get_object(), by=request.user)
        return Response(shapes.DownloadSerializer({"url": url, "expires_at": until}).data)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"], authentication_classes=[], permission_classes=[AllowAny])
    def file(self, request: Request, pk: str, **_: Any) -> HttpResponseBase:
        """The file itself; whoever holds a link gets it."""
        export = downloads.redeem(
            token=self.query["token"],
            export_id=pk,
            schema_name=self.tenant.schema_name,
        )
        return ranges.serve(
            request._request,
            Path(default_storage.path(export.storage_name)),
            etag=export.sha256,
            filename=export.filename,
        )
