"""`/api/v1/webhooks/`: endpoints, their deliveries, the events there are."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.rest.resources import Listed, Retrieved, WorkspaceViewSet
from apps.rest.strictness import Nothing
from apps.tenants.access import permissions_of
from apps.webhooks import catalogue
from apps.webhooks.api import serializers as shapes
from apps.webhooks.models import Delivery, Endpoint
from apps.webhooks.services import deliveries, endpoints, events, replays

ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class EndpointViewSet(Listed, Retrieved, WorkspaceViewSet[Endpoint]):
    """Addresses that are told of events. What is sent follows Standard Webhooks 1.0."""

    inputs: ClassVar = {
        "create": shapes.EndpointInput,
        "partial_update": shapes.EndpointChange,
        "destroy": Nothing,
        "enable": Nothing,
        "disable": Nothing,
        "rotate_secret": shapes.RotateInput,
        "test": Nothing,
        "replay": shapes.ReplayInput,
    }

    serializer_class = shapes.EndpointSerializer
    queryset = Endpoint.objects.none()
    lookup_value_regex = ID
    proven = frozenset({"rotate_secret", "partial_update"})
    required_permissions: ClassVar = {
        "list": "webhooks.view",
        "retrieve": "webhooks.view",
        "create": "webhooks.create",
        "partial_update": "webhooks.update",
        "destroy": "webhooks.delete",
        "enable": "webhooks.update",
        "disable": "webhooks.update",
        "rotate_secret": "webhooks.update",  # pragma: allowlist secret
        "test": "webhooks.update",
        "replay": "webhooks.update",
    }

    def get_queryset(self) -> QuerySet[Endpoint]:
        return Endpoint.objects.filter(tenant=self.tenant).select_related("tenant")

    @extend_schema(responses={201: shapes.EndpointWithSecret})
    def create(self, request: Request, **_: Any) -> Response:
        """Add an endpoint. The answer holds its secret; it is not shown again here."""
        made = endpoints.create(tenant=self.tenant, by=request.user, **self.given)
        return Response(shapes.EndpointWithSecret(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=shapes.EndpointSerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change what is named; the rest stays."""
        changed = endpoints.update(endpoint=self.get_object(), by=request.user, **self.given)
        return self.answer(changed)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Delete it with its log."""
        endpoints.remove(endpoint=self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=shapes.EndpointSerializer)
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, **_: Any) -> Response:
        """Send to it again from now on; `replay` sends what it missed."""
        endpoint = endpoints.enable(endpoint=self.get_object(), by=request.user)
        return self.answer(endpoint)

    @extend_schema(responses=shapes.EndpointSerializer)
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, **_: Any) -> Response:
        """Send nothing to it any more."""
        endpoint = endpoints.disable(endpoint=self.get_object(), by=request.user)
        return self.answer(endpoint)

    @extend_schema(responses=shapes.EndpointWithSecret)
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, **_: Any) -> Response:
        """A new secret, in the answer. For a while both sign, so that receivers can follow."""
        endpoint = endpoints.rotate_secret(
            endpoint=self.get_object(), by=request.user, **self.given
        )
        return Response(shapes.EndpointWithSecret(endpoint).data)

    @extend_schema(responses={202: shapes.DeliverySerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, **_: Any) -> Response:
        """Send a `webhook.test` event."""
        made = events.send_test(endpoint=self.get_object(), by=request.user)
        return Response(shapes.DeliverySerializer(made).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses={202: shapes.Replayed})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, **_: Any) -> Response:
        """Send again what was given up, or skipped while the endpoint was off."""
        count = replays.replay_failed(endpoint=self.get_object(), by=request.user, **self.given)
        return Response({"count": count}, status=status.HTTP_202_ACCEPTED)


class DeliveryFilter(filters.FilterSet):  # type: ignore[misc]
    event = filters.CharFilter(field_name="event__type")

    class Meta:
        model = Delivery
        fields = ["state", "event"]


class DeliveryViewSet(Listed, Retrieved, WorkspaceViewSet[Delivery]):
    """What was sent to one endpoint, newest first, for thirty days."""

    inputs: ClassVar = {"replay": Nothing}

    queryset = Delivery.objects.none()
    filterset_class = DeliveryFilter
    lookup_value_regex = ID
    required_permissions: ClassVar = {
        "list": "webhooks.view",
        "retrieve": "webhooks.view",
        "replay": "webhooks.update",
    }

    def get_serializer_class(self) -> Any:
        listing = self.action == "list"
        return shapes.DeliverySerializer if listing else shapes.DeliveryDetailSerializer

    def get_queryset(self) -> QuerySet[Delivery]:
        rows = Delivery.objects.filter(endpoint=self._endpoint()).select_related("event")
        return rows if self.action == "list" else rows.prefetch_related("log")

    @extend_schema(responses={202: shapes.DeliveryDetailSerializer})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str, **_: Any) -> Response:
        """Send one again, whatever became of it."""
        found = deliveries.find(endpoint=self._endpoint(), delivery_id=pk)
        replays.replay(delivery=found, by=request.user)
        return self.answer(found, status=status.HTTP_202_ACCEPTED)

    def _endpoint(self) -> Endpoint:
        return endpoints.find(tenant=self.tenant, endpoint_id=self.kwargs["endpoint_pk"])


class EventTypeViewSet(WorkspaceViewSet[Any]):
    """The events that the caller may be told of."""

    serializer_class = shapes.EventTypeSerializer
    pagination_class = None
    filter_backends = []
    required_permissions: ClassVar = {"list": "webhooks.view"}

    @extend_schema(responses=shapes.EventTypeSerializer(many=True))
    def list(self, request: Request, **_: Any) -> Response:
        groups = catalogue.visible(permissions_of(request.user, tenant=self.tenant))
        found = [event for events_of in groups.values() for event in events_of]
        return Response(self.get_serializer(found, many=True).data)
