"""`/api/v1/me/`: who asks, and what they may do here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.rest import queries
from apps.rest.resources import WorkspaceViewSet
from apps.tenants.access import permissions_of
from apps.tenants.models import Membership
from apps.tenants.permissions import DECLARED


class PersonShape(serializers.Serializer[User]):
    id = serializers.UUIDField(source="pk")
    name = serializers.CharField()
    email = serializers.CharField(help_text="empty for people without one")


class RoleNameShape(serializers.Serializer[Membership]):
    key = serializers.CharField(source="role_key")
    name = serializers.CharField(source="role_name")
    based_on = serializers.CharField(source="role", help_text="the built-in role it stands for")


class OwnMembershipShape(serializers.Serializer[Membership]):
    id = serializers.UUIDField()
    role = RoleNameShape(source="*")
    since = serializers.DateTimeField(source="created_at")


class PlaceShape(serializers.Serializer[Any]):
    name = serializers.CharField()
    slug = serializers.CharField()
    url = serializers.CharField()


class MeShape(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["person", "api_key"])
    person = PersonShape(allow_null=True, help_text="null for a key")
    membership = OwnMembershipShape(allow_null=True, help_text="null for a key")
    permissions = serializers.ListField(child=serializers.ChoiceField(choices=list(DECLARED)))
    workspace = PlaceShape()
    impersonated_by = serializers.CharField(
        allow_null=True, help_text="the operator who is in as this person"
    )


class MeViewSet(WorkspaceViewSet[Membership]):
    """Whoever is signed in, or the key."""

    serializer_class = MeShape
    queryset = Membership.objects.none()
    required_permissions: ClassVar = {"retrieve": "workspace.view"}

    @extend_schema(responses=MeShape)
    def retrieve(self, request: Request, **_: Any) -> Response:
        """Decide by `permissions` what to offer; `role` is for people to read."""
        tenant, asking = self.tenant, request.user
        person = asking if isinstance(asking, User) else None
        membership = Membership.objects.of(user=person, tenant=tenant) if person else None
        operator = getattr(asking, "impersonated_by", None)
        shown = {
            "kind": "person" if person else "api_key",
            "person": person,
            "membership": membership,
            "permissions": sorted(permissions_of(asking, tenant=tenant)),
            "workspace": tenant,
            "impersonated_by": operator.email if operator else None,
        }
        shape = MeShape(shown)
        queries.select(shape, request)
        return Response(shape.data)


urlpatterns = [path("me/", MeViewSet.as_view({"get": "retrieve"}), name="me")]
