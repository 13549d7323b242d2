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
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.transfers import ranges
from apps.transfers.api import serializers as shapes
from apps.transfers.models import Export
from apps.transfers.services import downloads, exports

TOKEN = OpenApiParameter("token", str, required=True, description="as `download` gives it")


class ExportViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Export]):
    serializer_class = shapes.ExportSerializer
    queryset = Export.objects.none()
    required_permissions: ClassVar = dict.fromkeys(
        ("list", "retrieve", "create", "download", "destroy"), "exports.create"
    )

    def get_queryset(self) -> Any:
        tenant = getattr(self.request._request, "tenant", None)
        return Export.objects.filter(tenant=tenant).select_related("tenant")

    @extend_schema(request=shapes.ExportInput, responses={202: shapes.ExportSerializer})
    def create(self, request: Request, **_: Any) -> Response:
        """Start an export; one at a time."""
        form = shapes.ExportInput(data=request.data)
        form.is_valid(raise_exception=True)
        export = exports.start(
            tenant=request._request.tenant,  # type: ignore[attr-defined]
            by=request.user,
            **form.validated_data,
        )
        return Response(self.get_serializer(export).data, status=status.HTTP_202_ACCEPTED)

    def retrieve(self, _request: Request, pk: str, **_: Any) -> Response:
        return Response(self.get_serializer(self._find(pk)).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str, **_: Any) -> Response:
        """Remove the file before its week is over."""
        exports.remove(export=self._find(pk), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=shapes.DownloadSerializer)
    @action(detail=True, methods=["get"])
    def download(self, request: Request, pk: str, **_: Any) -> Response:
        """A link to the file."""
        until = timezone.now() + timedelta(seconds=downloads.SECONDS)
        url = downloads.link(export=self._find(pk), by=request.user)
        return Response(shapes.DownloadSerializer({"url": url, "expires_at": until}).data)

    @extend_schema(
        parameters=[TOKEN],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    @action(detail=True, methods=["get"], authentication_classes=[], permission_classes=[AllowAny])
    def file(self, request: Request, pk: str, **_: Any) -> HttpResponseBase:
        """The file itself; whoever holds a link gets it."""
        export = downloads.redeem(
            token=request.query_params.get("token", ""),
            export_id=pk,
            schema_name=request._request.tenant.schema_name,  # type: ignore[attr-defined]
        )
        return ranges.serve(
            request._request,
            Path(default_storage.path(export.storage_name)),
            etag=export.sha256,
            filename=export.filename,
        )

    def _find(self, pk: str) -> Export:
        with schema_context("public"):
            tenant = self.request._request.tenant  # type: ignore[attr-defined]
            return exports.find(tenant=tenant, export_id=pk)
