"""`/api/v1/usage/` and `/api/v1/schools/`."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from apps.rest.resources import Conventions, WorkspaceViewSet
from apps.tenants.models import Tenant
from apps.tenants.services import schools
from apps.usage.api import serializers as shapes
from apps.usage.services import entitlements, limits, rosters, series

USAGE = forced_singular_serializer(shapes.UsageSerializer)  # type: ignore[no-untyped-call]


class UsageViewSet(Conventions, viewsets.ViewSet):
    """What the workspace uses."""

    serializer_class = shapes.UsageSerializer
    queries: ClassVar = {"list": shapes.UsageQuery}
    required_permissions: ClassVar = {"list": "usage.view"}

    @extend_schema(operation_id="usage", responses=USAGE)
    def list(self, _request: Request, **_: Any) -> Response:
        """Plan, limits and the days or months of a span. `series` of what is counted has a
        number for each of them, of what is sampled null where no sample was taken.
        """
        wish, tenant = self.query, self.tenant
        found = {
            "plan": limits.plan_of(tenant),
            "by": wish["by"],
            "limits": limits.of(tenant),
            "features": entitlements.of(tenant).values(),
            "series": series.of(tenant, by=wish["by"], first=wish.get("from"), last=wish.get("to")),
        }
        return Response(shapes.UsageSerializer(found).data)


class SchoolViewSet(WorkspaceViewSet[Tenant]):
    """The schools of a district."""

    queryset = Tenant.objects.none()  # `list` asks for those of its own workspace
    serializer_class = shapes.SchoolSerializer
    required_permissions: ClassVar = {"list": "schools.view"}

    @extend_schema(responses=shapes.SchoolSerializer(many=True))
    def list(self, _request: Request, **_: Any) -> Response:
        """What each of them uses itself. 404 where the workspace is no district."""
        page = self.paginate_queryset(schools.of(self.tenant)) or []
        shown = self.get_serializer(rosters.describe(page), many=True)
        return self.get_paginated_response(shown.data)
