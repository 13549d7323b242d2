"""`/api/v1/api-keys/`, for people only, and `/api/v1/usage/requests/`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.gateway.api import key_shapes as shapes
from apps.gateway.models import ApiKey
from apps.gateway.services import api_keys, request_usage
from apps.rest.resources import Listed, Retrieved, WorkspaceViewSet
from apps.rest.strictness import Nothing


class ApiKeyViewSet(Listed, Retrieved, WorkspaceViewSet[ApiKey]):
    """Keys of the workspace. People make them, in a session or with an access token; a key makes
    no keys. Making and rotating asks for a recent sign-in (`step_up_required`).
    """

    inputs: ClassVar = {
        "create": shapes.ApiKeyInput,
        "partial_update": shapes.ApiKeyChange,
        "destroy": Nothing,
        "rotate": shapes.RotationInput,
    }
    request_costs: ClassVar = {"create": 10, "rotate": 10}
    queryset = ApiKey.objects.none()
    required_permissions: ClassVar = {
        "list": "api_keys.view",
        "retrieve": "api_keys.view",
        "create": "api_keys.create",
        "partial_update": "api_keys.create",
        "rotate": "api_keys.create",
        "destroy": "api_keys.revoke",
    }

    def get_queryset(self) -> QuerySet[ApiKey]:
        return ApiKey.objects.filter(tenant=self.tenant).select_related("tenant", "created_by")

    def get_serializer_class(self) -> Any:
        shown_once = self.action in {"create", "rotate"}
        return shapes.NewSecretSerializer if shown_once else shapes.ApiKeySerializer

    def _shape(self) -> Any:
        return shapes.ApiKeySerializer

    @extend_schema(responses={201: shapes.NewSecretSerializer})
    def create(self, request: Request, **_: Any) -> Response:
        """Make a key. The answer holds its secret, which cannot be had again."""
        wish = self.given
        key, secret = api_keys.create(
            tenant=self.tenant, by=request.user, allowed_networks=wish.pop("networks"), **wish
        )
        return self._with(key, secret, status.HTTP_201_CREATED)

    @extend_schema(responses=shapes.ApiKeySerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change name, scopes or networks; the secret stays."""
        return self.answer(api_keys.update(key=self.get_object(), by=request.user, **self.given))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Revoke a key. It opens nothing any more, and stays in the list as revoked."""
        api_keys.revoke(key=self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=shapes.NewSecretSerializer)
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, **_: Any) -> Response:
        """Exchange the secret. The present one works on for `overlap`."""
        key = self.get_object()
        return self._with(key, api_keys.rotate(key=key, by=request.user, **self.given))

    def _with(self, key: ApiKey, secret: str, code: int = status.HTTP_200_OK) -> Response:
        vars(key)["secret"] = secret
        return self.answer(key, status=code)


class RequestUsageViewSet(WorkspaceViewSet[ApiKey]):
    """How the API itself is used."""

    queries: ClassVar = {"list": shapes.RequestsQuery}
    queryset = ApiKey.objects.none()
    serializer_class = shapes.RequestsSerializer
    pagination_class = None
    required_permissions: ClassVar = {"list": "usage.view"}

    @extend_schema(operation_id="usage_requests", responses=shapes.RequestsSerializer)
    def list(self, _request: Request, **_: Any) -> Response:
        """Requests, errors, time and credits: over time, by caller and by endpoint, the busiest
        hundred of each. What was asked shows within seconds.
        """
        wish = self.query
        chosen = wish.get("key")
        found = request_usage.of(
            self.tenant,
            by=wish["by"],
            first=wish.get("from"),
            last=wish.get("to"),
            key=api_keys.find(tenant=self.tenant, key_id=str(chosen)) if chosen else None,
        )
        return Response(self.get_serializer(found).data)
