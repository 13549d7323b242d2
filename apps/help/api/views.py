"""`/api/v1/help/search/`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.help import words
from apps.help.api import serializers as shapes
from apps.help.services import search
from apps.rest.resources import Conventions
from apps.tenants.access import permissions_of


class HelpViewSet(Conventions, viewsets.ViewSet):
    """Help articles and what the workspace itself holds."""

    queries: ClassVar = {"search": shapes.HelpQuery}
    required_permissions: ClassVar = {"search": "workspace.view"}
    request_costs: ClassVar = {"search": 5}

    @extend_schema(operation_id="help_search", responses=shapes.HelpAnswerSerializer)
    @action(detail=False, methods=["get"])
    def search(self, request: Request, **_: Any) -> Response:
        """Find help by a question or some words."""
        can = permissions_of(request.user, tenant=self.tenant)
        hits = search.search(question=self.query["q"], can=can)
        found = [
            {
                **asdict(hit),
                "url": request.build_absolute_uri(hit.url),
                "excerpt": words.plain(hit.excerpt),
            }
            for hit in hits
        ]
        return Response(shapes.HelpAnswerSerializer({"results": found}).data)
