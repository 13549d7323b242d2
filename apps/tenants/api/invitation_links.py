"""`/api/v1/invitation-links/`: links that let people in."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from apps.accounts.models import User
from apps.accounts.services import step_up
from apps.rest.resources import Listed, Retrieved, WorkspaceViewSet
from apps.rest.strictness import Nothing
from apps.tenants import roles
from apps.tenants.api.people import ROLE, UUID
from apps.tenants.models import InvitationLink
from apps.tenants.services import invitation_links


class LinkShape(serializers.ModelSerializer[InvitationLink]):
    role = serializers.CharField(source="role_key")
    state = serializers.ChoiceField(choices=["open", "used", "revoked", "expired"])

    class Meta:
        model = InvitationLink
        fields = [
            "id", "name", "role", "email_domain", "most_uses", "uses", "state", "created_at",
            "expires_at",
        ]  # fmt: skip
        read_only_fields = fields


class NewLinkShape(LinkShape):
    url = serializers.CharField(help_text="given this once")

    class Meta(LinkShape.Meta):
        fields = [*LinkShape.Meta.fields, "url"]
        read_only_fields = fields


class LinkInput(serializers.Serializer[InvitationLink]):
    name = serializers.CharField(max_length=80, help_text="whom it is for")
    role = serializers.CharField(max_length=40, help_text=ROLE)
    most_uses = serializers.IntegerField(min_value=1, max_value=500, default=30)
    days = serializers.IntegerField(min_value=1, max_value=90, default=7)
    email_domain = serializers.CharField(max_length=253, required=False, allow_blank=True)


class InvitationLinkViewSet(Listed, Retrieved, WorkspaceViewSet[InvitationLink]):
    """Links that let people in, newest first. An open one keeps a seat for each use left."""

    serializer_class = LinkShape
    queryset = InvitationLink.objects.none()
    lookup_value_regex = UUID
    inputs: ClassVar = {"create": LinkInput, "destroy": Nothing}
    required_permissions: ClassVar = dict.fromkeys(
        ("list", "retrieve", "create", "destroy"), "members.invite"
    )

    def get_queryset(self) -> QuerySet[InvitationLink]:
        found = InvitationLink.objects.filter(tenant=self.tenant)
        return found.select_related("custom_role", "tenant")

    @extend_schema(
        responses={201: NewLinkShape},
        examples=[
            OpenApiExample(
                "A class",
                {"name": "Class 7b", "role": "student", "most_uses": 28, "days": 14},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request, **_: Any) -> Response:
        """Make a link. `url` is told this once: only a hash of it is kept."""
        if roles.choose(tenant=self.tenant, key=self.given["role"]).is_powerful:
            step_up.require(request)
        link, url = invitation_links.create(
            tenant=self.tenant, by=cast("User", request.user), **self.given
        )
        shown = {**LinkShape(link).data, "url": url}
        return Response(shown, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """End it. Who came by it stays."""
        invitation_links.revoke(link=self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


router = SimpleRouter()
router.register("invitation-links", InvitationLinkViewSet, basename="invitation-link")
urlpatterns = router.urls
