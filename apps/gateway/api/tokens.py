"""`/api/v1/tokens/` and `/api/v1/sessions/`: signing apps and scripts in and out."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import UserSession
from apps.accounts.services import sessions
from apps.accounts.services import tokens as account_tokens
from apps.accounts.services.tokens import Pair
from apps.core.errors import NotAllowed
from apps.gateway.api import token_shapes as shapes
from apps.gateway.services import tokens
from apps.gateway.services.token_sessions import TokenSession
from apps.rest.resources import Listed, WorkspaceViewSet
from apps.rest.strictness import Nothing

PAIR = OpenApiExample(
    "A pair of tokens",
    response_only=True,
    value={
        "access_token": "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiI…",
        "token_type": "Bearer",
        "expires_in": 600,
        "refresh_token": "eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIn0.eyJ1c2UiOiJ…",
        "session": "0198c5a0-7b1e-7c3a-9f00-2b6a51d0c8e4",
    },
)


class TokenViewSet(WorkspaceViewSet[Any]):
    """Tokens for an app or script of a member of this workspace. They open this workspace only."""

    inputs: ClassVar = {
        "create": shapes.Credentials,
        "refresh": shapes.RefreshToken,
        "revoke": shapes.RefreshToken,
    }
    serializer_class = shapes.TokenPair
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        responses={201: shapes.TokenPair},
        examples=[
            PAIR,
            OpenApiExample(
                "E-mail and password",
                request_only=True,
                value={"email": "tom@school.example", "password": "…", "name": "Nightly upload"},
            ),
        ],
    )
    def create(self, request: Request, **_: Any) -> Response:
        """Sign in with e-mail and password, and with a code where two-step sign-in is on."""
        pair = tokens.issue(request=request._request, tenant=self.tenant, **self.given)
        return _answer(pair, status.HTTP_201_CREATED)

    @extend_schema(responses={200: shapes.TokenPair}, examples=[PAIR])
    @action(detail=False, methods=["post"])
    def refresh(self, _request: Request, **_: Any) -> Response:
        """Exchange a refresh token for the next pair. It is good once: used twice, its session
        ends, and the person signs in again.
        """
        return _answer(tokens.exchange(tenant=self.tenant, **self.given), status.HTTP_200_OK)

    @extend_schema(responses={204: None})
    @action(detail=False, methods=["post"])
    def revoke(self, _request: Request, **_: Any) -> Response:
        """Sign out: the session of this refresh token ends at once, access tokens included."""
        account_tokens.revoke(
            token=self.given["refresh_token"], schema_name=self.tenant.schema_name
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class SessionViewSet(Listed, WorkspaceViewSet[UserSession]):
    """Where the person who asks is signed in. API keys are no persons and have no sessions."""

    personal = True
    inputs: ClassVar = {"destroy": Nothing, "confirm": shapes.Confirmation}
    serializer_class = shapes.SessionSerializer
    lookup_value_converter = "uuid"
    queryset = UserSession.objects.none()
    required_permissions: ClassVar = {
        "list": "workspace.view",
        "destroy": "workspace.view",
        "confirm": "workspace.view",
    }

    def get_queryset(self) -> QuerySet[UserSession]:
        _refuse_keys(self.request)
        return sessions.of(self.request.user)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "here": sessions.present(self.request)}

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """End a session at once, one's own included."""
        ending = UserSession.Ending.REVOKED
        sessions.end(sessions=[self.get_object()], ending=ending, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={204: None})
    @action(detail=False, methods=["post"])
    def confirm(self, request: Request, **_: Any) -> Response:
        """Show again who you are, with the password or a code, before a dangerous deed
        (`step_up_required`). For tokens; a browser's session confirms on its own page.
        """
        _refuse_keys(request)
        if not isinstance(request.auth, TokenSession):
            raise NotAllowed("Confirm on the page /accounts/reauthenticate/.")
        tokens.confirm(
            request=request._request,
            session_id=request.auth.session_id,
            user=request.auth.user,
            **self.given,
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


def _answer(pair: Pair, code: int) -> Response:
    return Response(shapes.TokenPair(pair).data, status=code, headers={"Cache-Control": "no-store"})


def _refuse_keys(request: Request) -> None:
    if hasattr(request.user, "scopes"):
        raise NotAllowed("An API key is no person: it has no sessions.")
