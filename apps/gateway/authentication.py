"""Who calls the API: a person with a session on this workspace's host, or an API key."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.gateway.models import ApiKey
from apps.gateway.services import api_keys


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer tbx_…` (RFC 6750)."""

    def authenticate(self, request: Request) -> tuple[ApiKey, ApiKey] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        tenant = getattr(request._request, "tenant", None)
        key = api_keys.authenticate(secret=secret.strip(), tenant=tenant) if tenant else None
        if key is None:
            raise AuthenticationFailed(
                "This API key is unknown here, expired or revoked.", code="api_key_refused"
            )
        return key, key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return 'Bearer realm="api"'


class WorkspaceSessionAuthentication(SessionAuthentication):
    """The page's own session, with its CSRF check."""


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002
        return {"type": "http", "scheme": "bearer", "bearerFormat": "tbx_…"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = WorkspaceSessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ARG002
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
