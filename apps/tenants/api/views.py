"""`/api/v1/workspace/`: the workspace itself and the domains that lead to it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.rest.resources import Listed, Retrieved, WorkspaceViewSet
from apps.rest.strictness import Nothing
from apps.tenants.api import serializers as shapes
from apps.tenants.models import Domain, Tenant
from apps.tenants.services import domains, tenants


class WorkspaceDetailViewSet(WorkspaceViewSet[Tenant]):
    """The workspace whose host is asked."""

    inputs: ClassVar = {"partial_update": shapes.WorkspaceChange}
    queryset = Tenant.objects.none()
    serializer_class = shapes.WorkspaceSerializer
    required_permissions: ClassVar = {
        "retrieve": "workspace.view",
        "partial_update": "workspace.update",
    }

    def locked(self) -> Tenant:
        found: Tenant = Tenant.objects.select_for_update(no_key=True).get(pk=self.tenant.pk)
        return found

    @extend_schema(responses=shapes.WorkspaceSerializer)
    def retrieve(self, _request: Request, **_: Any) -> Response:
        # Not the one at hand: what a process knows of a host may be a second old.
        return self.answer(Tenant.objects.get(pk=self.tenant.pk))

    @extend_schema(responses=shapes.WorkspaceSerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change its name. Colour, locale and time zone are in its configuration."""
        return self.answer(tenants.update(tenant=self.tenant, by=request.user, **self.given))


class DomainViewSet(Listed, Retrieved, WorkspaceViewSet[Domain]):
    """Hosts that lead to the workspace. A custom domain is served once its TXT record is seen."""

    inputs: ClassVar = {
        "create": shapes.DomainInput, "destroy": Nothing, "verify": Nothing, "main": Nothing,
    }  # fmt: skip
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
        return Domain.objects.filter(tenant=self.tenant).select_related("tenant")

    @extend_schema(responses={201: shapes.DomainSerializer})
    def create(self, request: Request, **_: Any) -> Response:
        """Wish for a domain. The answer says which TXT record shows that it is yours."""
        made = domains.add(tenant=self.tenant, by=request.user, **self.given)
        return self.answer(made, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Stop serving a custom domain and forget it."""
        domains.remove(domain=self._custom(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=shapes.DomainSerializer)
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, **_: Any) -> Response:
        """Look for the record now. 409 says what was found instead."""
        return self.answer(domains.verify(domain=self._custom(), by=request.user))

    @extend_schema(responses=shapes.DomainSerializer)
    @action(detail=True, methods=["post"])
    def main(self, request: Request, **_: Any) -> Response:
        """Have links and mails lead to this domain; with the own address' id, to that again."""
        chosen = self.get_object()
        custom = chosen if chosen.kind == Domain.Kind.CUSTOM else None
        domains.make_main(tenant=chosen.tenant, domain=custom, by=request.user)
        return self.answer(self.get_object())

    def _custom(self) -> Domain:
        chosen = self.get_object()
        return domains.find(tenant=chosen.tenant, pk=chosen.pk)
