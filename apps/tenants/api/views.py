"""`/api/v1/workspace/`: the workspace itself and the domains that lead to it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.tenants.api import serializers as shapes
from apps.tenants.models import Domain
from apps.tenants.services import domains, tenants


def parsed(shape: Any, request: Request) -> dict[str, Any]:
    form = shape(data=request.data)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


class WorkspaceViewSet(viewsets.GenericViewSet[Any]):
    """The workspace whose host is asked."""

    serializer_class = shapes.WorkspaceSerializer
    required_permissions: ClassVar = {
        "retrieve": "workspace.view",
        "partial_update": "workspace.update",
    }

    @extend_schema(responses=shapes.WorkspaceSerializer)
    def retrieve(self, request: Request, **_: Any) -> Response:
        return Response(self.get_serializer(request._request.tenant).data)  # type: ignore[attr-defined]

    @extend_schema(request=shapes.WorkspaceChange, responses=shapes.WorkspaceSerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change its name. Colour, locale and time zone are in its configuration."""
        tenant = tenants.update(
            tenant=request._request.tenant,  # type: ignore[attr-defined]
            by=request.user,
            **parsed(shapes.WorkspaceChange, request),
        )
        return Response(self.get_serializer(tenant).data)


class DomainViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Domain]
):
    """Hosts that lead to the workspace. A custom domain is served once its TXT record is seen."""

    serializer_class = shapes.DomainSerializer
    queryset = Domain.objects.none()
    lookup_value_regex = r"\d+"
    required_permissions: ClassVar = {
        "list": "domains.view",
        "retrieve": "domains.view",
        "create": "domains.create",
        "destroy": "domains.delete",
        "verify": "domains.update",
        "main": "domains.update",
    }

    def get_queryset(self) -> QuerySet[Domain]:
        tenant = self.request._request.tenant  # type: ignore[attr-defined]
        return Domain.objects.filter(tenant=tenant).select_related("tenant")

    @extend_schema(request=shapes.DomainInput, responses={201: shapes.DomainSerializer})
    def create(self, request: Request, **_: Any) -> Response:
        """Wish for a domain. The answer says which TXT record shows that it is yours."""
        made = domains.add(
            tenant=request._request.tenant,  # type: ignore[attr-defined]
            by=request.user,
            **parsed(shapes.DomainInput, request),
        )
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Stop serving a custom domain and forget it."""
        domains.remove(domain=self._custom(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=shapes.DomainSerializer)
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, **_: Any) -> Response:
        """Look for the record now. 409 says what was found instead."""
        domain = domains.verify(domain=self._custom(), by=request.user)
        return Response(self.get_serializer(domain).data)

    @extend_schema(request=None, responses=shapes.DomainSerializer)
    @action(detail=True, methods=["post"])
    def main(self, request: Request, **_: Any) -> Response:
        """Have links and mails lead to this domain; with the own address' id, to that again."""
        chosen = self.get_object()
        custom = chosen if chosen.kind == Domain.Kind.CUSTOM else None
        domains.make_main(tenant=chosen.tenant, domain=custom, by=request.user)
        return Response(self.get_serializer(self.get_object()).data)

    def _custom(self) -> Domain:
        chosen = self.get_object()
        return domains.find(tenant=chosen.tenant, pk=chosen.pk)
