"""`/api/v1/roles/`: the roles of the workspace, built in and its own."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from apps.core.errors import NotFound
from apps.rest import queries
from apps.rest.resources import WorkspaceViewSet
from apps.rest.strictness import Nothing
from apps.tenants import roles
from apps.tenants.models import CustomRole
from apps.tenants.people_models import BASES
from apps.tenants.permissions import DECLARED
from apps.tenants.services import roles as services

REPLACEMENT = OpenApiParameter(
    "replacement", str, description="the role its people get instead, by key"
)
ROLE = {
    "key": "release-manager",
    "name": "Release manager",
    "description": "Promotes what teachers stage.",
    "based_on": "teacher",
    "permissions": ["deployments.promote", "workspace.view"],
    "is_custom": True,
    "version": 1,
}


class RoleShape(serializers.Serializer[roles.Choice]):
    key = serializers.CharField(help_text="what members and invitations call it")
    name = serializers.CharField()
    description = serializers.CharField(source="text")
    based_on = serializers.CharField(source="role", help_text="the built-in role it stands for")
    permissions = serializers.SerializerMethodField()
    is_custom = serializers.SerializerMethodField()
    version = serializers.IntegerField(
        source="custom.version", default=None, allow_null=True, help_text="null for a built-in one"
    )

    def get_permissions(self, choice: roles.Choice) -> list[str]:
        return sorted(choice.permissions)

    def get_is_custom(self, choice: roles.Choice) -> bool:
        return choice.custom is not None


class PermissionNames(serializers.ListField):
    child = serializers.ChoiceField(choices=list(DECLARED))


@extend_schema_serializer(many=False)
class RoleListShape(serializers.Serializer[Any]):
    results = RoleShape(many=True)


class Replacement(serializers.Serializer[Any]):
    replacement = serializers.CharField(max_length=40, required=False)


class RoleInput(serializers.Serializer[CustomRole]):
    name = serializers.CharField(max_length=60)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    based_on = serializers.ChoiceField(choices=BASES, default="teacher")
    permissions = PermissionNames()


class RoleChange(serializers.Serializer[CustomRole]):
    name = serializers.CharField(max_length=60, required=False)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    permissions = PermissionNames(required=False, help_text="all of them")


class RoleViewSet(WorkspaceViewSet[CustomRole]):
    """What people can be here. The built-in roles stay as they are."""

    serializer_class: Any = RoleShape
    queryset = CustomRole.objects.none()
    pagination_class = None
    lookup_field = "key"
    lookup_value_regex = "[-a-zA-Z0-9_]{1,40}"
    inputs: ClassVar = {"create": RoleInput, "partial_update": RoleChange, "destroy": Nothing}
    queries: ClassVar = {"destroy": Replacement}
    if_match_required = frozenset({"partial_update"})
    required_permissions: ClassVar = {
        "list": "roles.view",
        "retrieve": "roles.view",
        "create": "roles.create",
        "partial_update": "roles.update",
        "destroy": "roles.delete",
    }

    def present_etag(self) -> str | None:
        if "key" not in self.kwargs:
            return None
        role = services.find(tenant=self.tenant, key=self.kwargs["key"])
        locked = CustomRole.objects.select_for_update(no_key=True).get(pk=role.pk)
        return f'"{locked.version}"'

    @extend_schema(responses=RoleListShape, examples=[OpenApiExample("Roles", {"results": [ROLE]})])
    def list(self, request: Request, **_: Any) -> Response:
        """All of them: five built-in ones and at most 50 of the workspace's own."""
        shown: Any = RoleShape(many=True, instance=roles.of(tenant=self.tenant))  # type: ignore[arg-type]
        queries.select(shown, request)
        return Response({"results": shown.data})

    @extend_schema(responses=RoleShape, examples=[OpenApiExample("Role", ROLE)])
    def retrieve(self, request: Request, key: str, **_: Any) -> Response:
        found = [one for one in roles.of(tenant=self.tenant) if one.key == key]
        if not found:
            raise NotFound("There is no such role in this workspace.")
        return self._shown(found[0], request)

    @extend_schema(responses={201: RoleShape}, examples=[OpenApiExample("Role", ROLE)])
    def create(self, request: Request, **_: Any) -> Response:
        """Make a role of permissions that you hold yourself."""
        made = services.create(tenant=self.tenant, by=request.user, **self.given)
        return self._shown(roles.as_choice(made), request, status.HTTP_201_CREATED)

    @extend_schema(responses=RoleShape, examples=[OpenApiExample("Role", ROLE)])
    def partial_update(self, request: Request, key: str, **_: Any) -> Response:
        """Change one of the workspace's own, for everybody who has it. 412 when somebody was
        faster.
        """
        role = services.find(tenant=self.tenant, key=key)
        changed = services.change(role=role, by=request.user, **self.given)
        return self._shown(roles.as_choice(changed), request)

    @extend_schema(responses={204: None}, parameters=[REPLACEMENT])
    def destroy(self, request: Request, key: str, **_: Any) -> Response:
        """Delete one of the workspace's own. 409 when people have it and get no replacement."""
        role = services.find(tenant=self.tenant, key=key)
        services.delete(role=role, by=request.user, **self.query)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _shown(self, choice: roles.Choice, request: Request, status: int = 200) -> Response:
        shape = RoleShape(choice)
        queries.select(shape, request)
        headers = {"ETag": f'"{choice.custom.version}"'} if choice.custom else None
        return Response(shape.data, status=status, headers=headers)


router = SimpleRouter()
router.register("roles", RoleViewSet, basename="role")
urlpatterns = router.urls
