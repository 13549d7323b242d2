"""Who calls the API: a person with a session on this workspace's host, or an API key."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.gateway import networks, refusals
from apps.gateway.errors import KeyMalformed, KeyRefused
from apps.gateway.models import ApiKey
from apps.gateway.services import verification
from apps.tenants.models import Tenant


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer tbx_…` (RFC 6750). A token with dots, a JWT, is somebody else's."""

    def authenticate(self, request: Request) -> tuple[ApiKey, ApiKey] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or "." in secret:
            return None
        inner: Any = request._request
        address = networks.address_of(inner)
        if refusals.any_are_barred() and not verification.is_known(secret):
            refusals.require_room(address)
        key, is_former = self._verify(secret, inner.tenant, address)
        verification.note_use(key=key, address=address, is_former=is_former)
        return key, key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return 'Bearer realm="api"'

    def _verify(self, secret: str, tenant: Tenant | None, address: str) -> tuple[ApiKey, bool]:
        if tenant is None:
            text = "API keys belong to a workspace: call its own address."
            raise AuthenticationFailed(text, code=KeyRefused.code)
        try:
            return verification.verify(secret=secret, tenant=tenant, address=address)
        except (KeyRefused, KeyMalformed) as error:
            raise AuthenticationFailed(error.detail, code=error.code) from error


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
