"""`/api/v1/members/` and `/api/v1/invitations/`: who belongs here, and who is asked to."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from apps.accounts.services import step_up
from apps.rest import bulk
from apps.rest.resources import Listed, Retrieved, WorkspaceViewSet
from apps.rest.strictness import Nothing
from apps.tenants import roles
from apps.tenants.models import Invitation, Membership
from apps.tenants.permissions import Role
from apps.tenants.services import invitations, memberships

UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ROLE = "a built-in role's name or the key of one of the workspace's own"


class MemberShape(serializers.ModelSerializer[Membership]):
    name = serializers.CharField(source="user.name")
    email = serializers.CharField(source="user.email", help_text="empty for people without one")
    role = serializers.CharField(source="role_key", help_text=ROLE)
    since = serializers.DateTimeField(source="created_at")

    class Meta:
        model = Membership
        fields = ["id", "name", "email", "role", "since", "suspended_at"]


class MemberChange(serializers.Serializer[Any]):
    role = serializers.CharField(max_length=40, help_text=ROLE)


class InvitationShape(serializers.ModelSerializer[Invitation]):
    role = serializers.CharField(source="role_key", help_text=ROLE)
    state = serializers.CharField(help_text="open, accepted, revoked or expired")

    class Meta:
        model = Invitation
        fields = ["id", "email", "role", "state", "created_at", "expires_at"]


class InvitationInput(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=254)
    role = serializers.CharField(max_length=40, default=Role.TEACHER.value, help_text=ROLE)


class InviteManyInput(bulk.BulkInput):
    emails = serializers.ListField(
        child=serializers.CharField(max_length=254), min_length=1, max_length=bulk.MOST
    )
    role = serializers.CharField(max_length=40, default=Role.TEACHER.value, help_text=ROLE)


class MemberFilter(filters.FilterSet):  # type: ignore[misc]
    email = filters.CharFilter(field_name="user__email", lookup_expr="iexact")

    class Meta:
        model = Membership
        fields = ["email"]


class MemberViewSet(Listed, Retrieved, WorkspaceViewSet[Membership]):
    """For people and their apps: no API key is given these permissions."""

    serializer_class = MemberShape
    queryset = Membership.objects.none()
    filterset_class = MemberFilter
    lookup_value_regex = UUID
    inputs: ClassVar = {"partial_update": MemberChange, "destroy": Nothing}
    required_permissions: ClassVar = {
        "list": "members.view",
        "retrieve": "members.view",
        "partial_update": "members.update",
        "destroy": "members.remove",
    }

    def get_queryset(self) -> QuerySet[Membership]:
        rows = Membership.objects.filter(tenant=self.tenant)
        return rows.select_related("user", "custom_role", "tenant")

    @extend_schema(responses=MemberShape)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Give a member another role."""
        memberships.change_role(membership=self.get_object(), by=request.user, **self.given)
        return self.answer(self.get_object())

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """End somebody's membership."""
        memberships.remove(membership=self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class InvitationViewSet(Listed, Retrieved, WorkspaceViewSet[Invitation]):
    """Offers of membership, sent by mail. For people and their apps."""

    serializer_class = InvitationShape
    queryset = Invitation.objects.none()
    lookup_value_regex = UUID
    inputs: ClassVar = {
        "create": InvitationInput,
        "create_many": InviteManyInput,
        "resend": Nothing,
        "destroy": Nothing,
    }
    required_permissions: ClassVar = dict.fromkeys(
        ("list", "retrieve", "create", "create_many", "resend", "destroy"), "members.invite"
    )

    def get_queryset(self) -> QuerySet[Invitation]:
        return Invitation.objects.filter(tenant=self.tenant).select_related("custom_role")

    @extend_schema(responses={201: InvitationShape})
    def create(self, request: Request, **_: Any) -> Response:
        """Invite somebody. The link in the mail holds for seven days."""
        self._prove()
        made = invitations.send(tenant=self.tenant, by=request.user, **self.given)
        return self.answer(made, status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="invitations_create_many",
        responses={200: bulk.BulkAnswer, 207: bulk.BulkAnswer},
    )
    @action(detail=False, methods=["post"], url_path="bulk")
    def create_many(self, request: Request, **_: Any) -> Response:
        """Invite up to 100 people to the same role."""
        self._prove()

        def invite(email: str) -> Invitation:
            role = self.given["role"]
            return invitations.send(tenant=self.tenant, email=email, role=role, by=request.user)

        return bulk.carry_out(
            dict.fromkeys(self.given["emails"]),
            invite,
            all_or_nothing=self.given["all_or_nothing"],
            done=status.HTTP_201_CREATED,
        )

    @extend_schema(responses=InvitationShape)
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, **_: Any) -> Response:
        """Send a fresh link for another seven days; the earlier one ends."""
        invitations.resend(invitation=self._open(), by=request.user)
        return self.answer(self.get_object())

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Take an invitation back that nobody has taken up."""
        invitations.revoke(invitation=self._open(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _prove(self) -> None:
        """Whoever invites to a role that may do dangerous things shows first who they are."""
        if roles.choose(tenant=self.tenant, key=self.given["role"]).is_powerful:
            step_up.require(self.request)

    def _open(self) -> Invitation:
        return invitations.find(tenant=self.tenant, invitation_id=self.get_object().pk)


router = SimpleRouter()
router.register("members", MemberViewSet, basename="member")
router.register("invitations", InvitationViewSet, basename="invitation")
urlpatterns = router.urls
