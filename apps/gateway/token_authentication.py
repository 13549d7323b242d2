"""Who calls the API with a token: a person of this workspace, in an app or script."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from apps.accounts.errors import TokenRefused
from apps.accounts.models import User
from apps.accounts.services import tokens
from apps.gateway.services import token_sessions
from apps.gateway.services.token_sessions import TokenSession

DOTS = 2


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>` (RFC 6750); other bearers are left to the next. At
    most one question to Redis, and none to the database once the token is known.
    """

    def authenticate(self, request: Request) -> tuple[User, TokenSession] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token.count(".") != DOTS:
            return None
        tenant: Any = getattr(request._request, "tenant", None)
        if tenant is None:
            raise TokenRefused
        claims = tokens.read(token.strip(), use=tokens.ACCESS, schema_name=tenant.schema_name)
        found = token_sessions.find(claims, tenant=tenant)
        if found is None:
            raise TokenRefused
        page: Any = request._request
        page.membership, page.can = found.membership, found.can
        return found.user, found

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return 'Bearer realm="api"'


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = TokenAuthentication
    name = "accessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
