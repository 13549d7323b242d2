"""`/api/v1/realtime-apps/`: a workspace's own applications at the realtime endpoint."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.realtime import metering
from apps.realtime.api import app_shapes as shapes
from apps.realtime.models import RealtimeApp
from apps.realtime.services import realtime_apps
from apps.rest.resources import Listed, Retrieved, WorkspaceViewSet
from apps.rest.strictness import Nothing
from apps.usage.api.serializers import SeriesSerializer, UsageQuery


class RealtimeAppViewSet(Listed, Retrieved, WorkspaceViewSet[RealtimeApp]):
    """Apps of one's own: channels that the libraries of Pusher reach with the app's id, key and
    secret, apart from the product's. People make them and exchange their keys; that asks for a
    recent sign-in (`step_up_required`).
    """

    inputs: ClassVar = {
        "create": shapes.RealtimeAppInput,
        "partial_update": shapes.RealtimeAppChange,
        "destroy": Nothing,
        "enable": Nothing,
        "disable": Nothing,
        "rotate": shapes.KeyRotationInput,
        "end_former": Nothing,
    }
    serializer_class = shapes.RealtimeAppSerializer
    queryset = RealtimeApp.objects.none()
    proven = frozenset({"rotate"})
    request_costs: ClassVar = {"create": 10, "rotate": 10}
    required_permissions: ClassVar = {
        "list": "realtime_apps.view",
        "retrieve": "realtime_apps.view",
        "create": "realtime_apps.create",
        "partial_update": "realtime_apps.update",
        "destroy": "realtime_apps.delete",
        "enable": "realtime_apps.update",
        "disable": "realtime_apps.update",
        "rotate": "realtime_apps.update",
        "end_former": "realtime_apps.update",
        "messages": "realtime_apps.view",
    }
    queries: ClassVar = {"messages": UsageQuery}

    def get_queryset(self) -> QuerySet[RealtimeApp]:
        return realtime_apps.of(self.tenant)

    @extend_schema(responses={201: shapes.RealtimeAppWithSecret})
    def create(self, request: Request, **_: Any) -> Response:
        """Make an app. The answer holds its secret, which cannot be had again."""
        app = realtime_apps.create(tenant=self.tenant, by=request.user, **self.given)
        return Response(shapes.RealtimeAppWithSecret(app).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=shapes.RealtimeAppSerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change what is named; open connections heed it within a second."""
        return self.answer(
            realtime_apps.update(app=self.get_object(), by=request.user, **self.given)
        )

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Delete it and close its connections."""
        realtime_apps.remove(app=self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=shapes.RealtimeAppSerializer)
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, **_: Any) -> Response:
        """Let clients connect again."""
        return self.answer(realtime_apps.switch(app=self.get_object(), on=True, by=request.user))

    @extend_schema(responses=shapes.RealtimeAppSerializer)
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, **_: Any) -> Response:
        """Let nobody in, and close who is connected."""
        return self.answer(realtime_apps.switch(app=self.get_object(), on=False, by=request.user))

    @extend_schema(responses=shapes.RealtimeAppWithSecret)
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, **_: Any) -> Response:
        """A new key and secret, in the answer. The present ones work on for `overlap_hours`; then
        their connections are closed.
        """
        app = realtime_apps.rotate(app=self.get_object(), by=request.user, **self.given)
        return Response(shapes.RealtimeAppWithSecret(app).data)

    @extend_schema(responses=SeriesSerializer)
    @action(detail=True, methods=["get"])
    def messages(self, _request: Request, **_: Any) -> Response:
        """How many messages the app had, by day or month of a span; those of all of the
        workspace's apps together are in `/api/v1/usage/`.
        """
        app, wish = self.get_object(), self.query
        found = metering.messages_of(
            [app], by=wish["by"], first=wish.get("from"), last=wish.get("to")
        )
        return Response(SeriesSerializer(found[app.pk]).data)

    @extend_schema(responses=shapes.RealtimeAppSerializer)
    @action(detail=True, methods=["post"], url_path="end-former")
    def end_former(self, request: Request, **_: Any) -> Response:
        """End the key before the last rotation now."""
        return self.answer(realtime_apps.end_former(app=self.get_object(), by=request.user))
