"""`/api/v1/events/`: what has happened in the workspace, for whoever was not connected."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.events.models import Event
from apps.realtime import authorisation, history
from apps.realtime.api import serializers as shapes
from apps.rest.resources import Retrieved, WorkspaceViewSet
from apps.tenants.access import permissions_of


class EventViewSet(Retrieved, WorkspaceViewSet[Event]):
    """What happened, in the order in which it became visible, as far as the caller may see it."""

    serializer_class = shapes.EventSerializer
    queryset = Event.objects.none()
    pagination_class = None
    filter_backends = []
    lookup_field = "sequence"
    lookup_value_regex = r"\d{1,15}"
    queries: ClassVar = {"list": shapes.EventsQuery}
    required_permissions: ClassVar = {"list": "workspace.view", "retrieve": "workspace.view"}

    def get_queryset(self) -> QuerySet[Event]:
        return Event.objects.for_audience(self._audience).filter(sequence__isnull=False)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "audience": self._audience}

    @extend_schema(responses=shapes.Missed)
    def list(self, request: Request, **_: Any) -> Response:  # noqa: ARG002
        """What followed a number. Events are kept for two days."""
        missed = history.since(
            after=self.query.get("after"), limit=self.query["limit"], audience=self._audience
        )
        return Response(shapes.Missed(missed, context=self.get_serializer_context()).data)

    @cached_property
    def _audience(self) -> set[str]:
        if getattr(self, "swagger_fake_view", False):
            return set()
        actor = self.request.user
        return authorisation.audience_of(actor, permissions_of(actor, tenant=self.tenant))
