"""`/api/v1/workspace/sso/`: the workspace's own sign-in, for owners."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.services import step_up
from apps.rest.resources import Retrieved, WorkspaceViewSet
from apps.rest.strictness import Nothing
from apps.sso import rules
from apps.sso.api import serializers as shapes
from apps.sso.models import Connection
from apps.sso.services import connections
from apps.tenants.models import Tenant


class SignInViewSet(Retrieved, WorkspaceViewSet[Connection]):
    """The issuer (OpenID Connect) that members sign in by. Writes ask for a recent sign-in
    (`step_up_required`); `sso_not_set_up` says that there is none yet.
    """

    inputs: ClassVar = {
        "update": shapes.SignInInput,
        "partial_update": shapes.SignInChange,
        "destroy": Nothing,
        "test": Nothing,
    }
    if_match_required = frozenset({"partial_update"})
    serializer_class = shapes.SignInShape
    queryset = Connection.objects.none()
    required_permissions: ClassVar = {
        "retrieve": "sso.view",
        "update": "sso.update",
        "partial_update": "sso.update",
        "destroy": "sso.update",
        "test": "sso.update",
    }

    def get_object(self) -> Connection:
        return connections.get(tenant=Tenant.objects.get(pk=self.tenant.pk))

    def locked(self) -> Connection:
        tenant = Tenant.objects.select_for_update(no_key=True).get(pk=self.tenant.pk)
        return connections.get(tenant=tenant)

    @extend_schema(
        operation_id="workspace_sso_set_up",
        responses={200: shapes.SignInShape, 201: shapes.SignInShape},
    )
    def update(self, request: Request, **_: Any) -> Response:
        """Set it up, or put these settings in the place of those there are. Another issuer forgets
        who came in by the first; try it before you require it.
        """
        step_up.require(request)
        is_new = connections.find(tenant=self.tenant) is None
        connections.configure(tenant=self.tenant, by=request.user, **self.given)
        return self.answer(self.get_object(), status=status.HTTP_201_CREATED if is_new else 200)

    @extend_schema(responses=shapes.SignInShape)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change what is named, require it, or require it no more. 412 when somebody was faster."""
        step_up.require(request)
        connections.change(tenant=self.tenant, by=request.user, **self.given)
        return self.answer(self.get_object())

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Take it away. Members sign in with means of their own again and stay members."""
        step_up.require(request)
        connections.remove(tenant=self.tenant, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=shapes.TrialShape)
    def test(self, request: Request, **_: Any) -> Response:
        """Try it: read the issuer's discovery document and its keys, and ask whether it knows the
        client id and secret. What does not work is part of the answer, not an error.
        """
        step_up.require(request)
        checks = connections.test(
            tenant=self.tenant, by=request.user,
            redirect_uri=request.build_absolute_uri(rules.CALLBACK),
        )  # fmt: skip
        works = all(check.passed for check in checks)
        return Response(shapes.TrialShape({"works": works, "checks": checks}).data)
