"""`/api/v1/realtime-apps/<app>/webhooks/`: servers that are told of an app's channels."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.errors import NotFound
from apps.realtime.api import webhook_shapes as shapes
from apps.realtime.models import ChannelDelivery, ChannelWebhook, RealtimeApp
from apps.realtime.services import channel_deliveries, channel_webhooks, realtime_apps
from apps.rest.resources import Listed, Retrieved, WorkspaceViewSet
from apps.rest.strictness import Nothing

ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
VIEW, UPDATE = "realtime_apps.view", "realtime_apps.update"


class ChannelWebhookViewSet(Listed, Retrieved, WorkspaceViewSet[ChannelWebhook]):
    """Servers that are told what happens in an app's channels, as Pusher's webhooks are: signed
    with the app's secret in `X-Pusher-Signature`. Adding one and changing it asks people for a
    recent sign-in (`step_up_required`).
    """

    inputs: ClassVar = {
        "create": shapes.ChannelWebhookInput,
        "partial_update": shapes.ChannelWebhookChange,
        "destroy": Nothing,
        "enable": Nothing,
        "disable": Nothing,
        "test": Nothing,
    }
    serializer_class = shapes.ChannelWebhookSerializer
    queryset = ChannelWebhook.objects.none()
    lookup_value_regex = ID
    proven = frozenset({"create", "partial_update"})
    required_permissions: ClassVar = {
        "list": VIEW, "retrieve": VIEW, "create": UPDATE, "partial_update": UPDATE,
        "destroy": UPDATE, "enable": UPDATE, "disable": UPDATE, "test": UPDATE,
    }  # fmt: skip

    def get_queryset(self) -> QuerySet[ChannelWebhook]:
        return channel_webhooks.of(self._app())

    @extend_schema(responses={201: shapes.ChannelWebhookSerializer})
    def create(self, request: Request, **_: Any) -> Response:
        """Tell a server from now on. An app has five at most."""
        made = channel_webhooks.add(app_id=self._app().app_id, by=request.user, **self.given)
        return self.answer(made, status=status.HTTP_201_CREATED)

    @extend_schema(responses=shapes.ChannelWebhookSerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change what is named; the rest stays."""
        return self.answer(
            channel_webhooks.update(webhook=self.get_object(), by=request.user, **self.given)
        )

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Tell it nothing more, and forget what was sent."""
        channel_webhooks.remove(webhook=self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=shapes.ChannelWebhookSerializer)
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, **_: Any) -> Response:
        """Tell it again, from now on."""
        return self.answer(
            channel_webhooks.switch(webhook=self.get_object(), on=True, by=request.user)
        )

    @extend_schema(responses=shapes.ChannelWebhookSerializer)
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, **_: Any) -> Response:
        """Tell it nothing until it is enabled; nothing is kept for it meanwhile."""
        return self.answer(
            channel_webhooks.switch(webhook=self.get_object(), on=False, by=request.user)
        )

    @extend_schema(responses={202: shapes.ChannelDeliverySerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, **_: Any) -> Response:
        """Send a batch with one event named `test`."""
        made = channel_deliveries.send_test(webhook=self.get_object(), by=request.user)
        shown = shapes.ChannelDeliverySerializer(made)
        return Response(shown.data, status=status.HTTP_202_ACCEPTED)

    def _app(self) -> RealtimeApp:
        return realtime_apps.find(tenant=self.tenant, app_id=self.kwargs["app_pk"])


class ChannelDeliveryFilter(filters.FilterSet):  # type: ignore[misc]
    class Meta:
        model = ChannelDelivery
        fields = ("state",)


class ChannelDeliveryViewSet(Listed, Retrieved, WorkspaceViewSet[ChannelDelivery]):
    """What was sent to one webhook, newest first: of three days, a thousand at most."""

    inputs: ClassVar = {"resend": Nothing}
    queryset = ChannelDelivery.objects.none()
    filterset_class = ChannelDeliveryFilter
    lookup_value_regex = ID
    required_permissions: ClassVar = {"list": VIEW, "retrieve": VIEW, "resend": UPDATE}

    def get_serializer_class(self) -> Any:
        if self.action == "list":
            return shapes.ChannelDeliverySerializer
        return shapes.ChannelDeliveryDetailSerializer

    def get_queryset(self) -> QuerySet[ChannelDelivery]:
        return ChannelDelivery.objects.filter(webhook=self._webhook()).select_related("webhook")

    @extend_schema(responses={202: shapes.ChannelDeliveryDetailSerializer})
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, **_: Any) -> Response:
        """Send it once more, whatever became of it."""
        found = channel_deliveries.resend(delivery=self.get_object(), by=request.user)
        return self.answer(found, status=status.HTTP_202_ACCEPTED)

    def _webhook(self) -> ChannelWebhook:
        app = realtime_apps.find(tenant=self.tenant, app_id=self.kwargs["app_pk"])
        found = channel_webhooks.find(tenant=self.tenant, webhook_id=self.kwargs["webhook_pk"])
        if found.app_id != app.app_id:
            raise NotFound("This app has no such webhook.")
        return found
