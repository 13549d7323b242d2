"""`/api/v1/sender-domains/` and `/api/v1/mails/`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.mail.api import serializers as shapes
from apps.mail.models import Message, SenderDomain, Suppression
from apps.mail.services import sender_domains, sender_setup, suppressions
from apps.rest.resources import Listed, Retrieved, WorkspaceViewSet
from apps.rest.strictness import Nothing

ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class SenderDomainViewSet(Listed, Retrieved, WorkspaceViewSet[SenderDomain]):
    """Domains that the workspace's mail comes from, with the DNS records each of them needs."""

    inputs: ClassVar = {
        "create": shapes.SenderDomainInput,
        "partial_update": shapes.SenderDomainChange,
        "destroy": Nothing,
        "verify": Nothing,
        "choose": Nothing,
        "retry": Nothing,
    }

    serializer_class = shapes.SenderDomainSerializer
    queryset = SenderDomain.objects.none()
    lookup_value_regex = ID
    required_permissions: ClassVar = {
        "list": "sender_domains.view",
        "retrieve": "sender_domains.view",
        "create": "sender_domains.create",
        "partial_update": "sender_domains.update",
        "destroy": "sender_domains.delete",
        "verify": "sender_domains.update",
        "choose": "sender_domains.update",
        "retry": "sender_domains.update",
    }

    def get_queryset(self) -> QuerySet[SenderDomain]:
        return SenderDomain.objects.filter(tenant=self.tenant).select_related("tenant")

    @extend_schema(responses={201: shapes.SenderDomainSerializer})
    def create(self, request: Request, **_: Any) -> Response:
        """Add a domain. Publish its `records`, then call `verify`. While its state is `preparing`,
        they are not known yet: ask again in a moment.
        """
        made = sender_domains.add(tenant=self.tenant, by=request.user, **self.given)
        return self.answer(made, status=status.HTTP_201_CREATED)

    @extend_schema(responses=shapes.SenderDomainSerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change the address and the name that mail comes from."""
        changed = sender_domains.update(domain=self.get_object(), by=request.user, **self.given)
        return self.answer(changed)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Mail comes from it no more."""
        sender_domains.remove(domain=self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=shapes.SenderDomainSerializer)
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, **_: Any) -> Response:
        """Look for the records now; a refusal has in `records` what was found of each."""
        return self.answer(sender_domains.verify(domain=self.get_object(), by=request.user))

    @extend_schema(responses=shapes.SenderDomainSerializer)
    @action(detail=True, methods=["post"])
    def choose(self, request: Request, **_: Any) -> Response:
        """Have mail come from this one of several, while it is verified."""
        return self.answer(sender_domains.choose(domain=self.get_object(), by=request.user))

    @extend_schema(responses=shapes.SenderDomainSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, **_: Any) -> Response:
        """Set it up once more after that has `failed`."""
        return self.answer(sender_setup.try_again(domain=self.get_object(), by=request.user))


class MailFilter(filters.FilterSet):  # type: ignore[misc]
    class Meta:
        model = Message
        fields = ["state", "to", "template", "stream"]


class MailViewSet(Listed, Retrieved, WorkspaceViewSet[Message]):
    """What left for whom and what became of it, newest first, for 45 days; never the text."""

    queryset = Message.objects.none()
    filterset_class = MailFilter
    lookup_value_regex = ID
    required_permissions: ClassVar = {"list": "audit.view", "retrieve": "audit.view"}

    def get_serializer_class(self) -> Any:
        return shapes.MailSerializer if self.action == "list" else shapes.MailDetailSerializer

    def get_queryset(self) -> QuerySet[Message]:
        rows = Message.objects.of_workspace(self.tenant.schema_name)
        rows = rows.defer("text", "html", "context")
        return rows if self.action == "list" else rows.prefetch_related("events")


class SuppressionFilter(filters.FilterSet):  # type: ignore[misc]
    in_force = filters.BooleanFilter(field_name="lifted_at", lookup_expr="isnull")

    class Meta:
        model = Suppression
        fields = ["address", "reason", "stream"]


class SuppressionViewSet(Listed, Retrieved, WorkspaceViewSet[Suppression]):
    """Addresses that the workspace's mail does not go to, newest first, lifted ones, too."""

    inputs: ClassVar = {"lift": Nothing}
    serializer_class = shapes.SuppressionSerializer
    queryset = Suppression.objects.none()
    filterset_class = SuppressionFilter
    lookup_value_regex = ID
    required_permissions: ClassVar = {
        "list": "audit.view", "retrieve": "audit.view", "lift": "mail.lift",
    }  # fmt: skip

    def get_queryset(self) -> QuerySet[Suppression]:
        return Suppression.objects.of_workspace(self.tenant.schema_name)

    @extend_schema(responses=shapes.SuppressionSerializer)
    @action(detail=True, methods=["post"])
    def lift(self, request: Request, **_: Any) -> Response:
        """Write to an address again that did not exist. What its reader wished is refused."""
        return self.answer(
            suppressions.reopen(suppression=self.get_object(), tenant=self.tenant, by=request.user)
        )
