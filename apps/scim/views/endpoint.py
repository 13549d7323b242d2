"""What all addresses of the endpoint share (RFC 7644): the bearer token, limits, JSON in and out,
errors in SCIM's shape, versions, and the log.
"""

from __future__ import annotations

import json
import time
from http import HTTPStatus
from typing import Any, ClassVar, Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from apps.core import attempts
from apps.core.errors import DomainError
from apps.scim import errors
from apps.scim.errors import ScimError
from apps.scim.models import ScimToken
from apps.scim.services import requests, tokens
from apps.tenants.access import Provisioner, require_writable
from apps.tenants.models import Tenant

MEDIA_TYPE: Final = "application/scim+json"
TAKEN: Final = frozenset({MEDIA_TYPE, "application/json", ""})
# Entra and Okta stay well below; a first run of a large school goes on where it was held up.
REQUESTS: Final = "1200/1 minute"
STRANGERS: Final = "60/10 minute"
DEFAULT_COUNT, MOST_COUNT = 100, 200
LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


@method_decorator(csrf_exempt, name="dispatch")
class Endpoint(View):
    """Handlers return `(status, document, headers)`; they raise `DomainError`s."""

    is_open: ClassVar[bool] = False  # whether it may be read without a token
    token: ScimToken | None = None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        began, detail = time.monotonic(), ""
        try:
            status, document, headers = self._handle(request, *args, **kwargs)
        except DomainError as error:
            status, document, headers = error.status, errors.as_document(error), _headers(error)
            detail = document["detail"]
        if self.token is not None:
            requests.note(
                tenant=request.tenant, token=self.token, method=request.method,
                path=request.get_full_path().removeprefix("/scim/v2"), status=status,
                detail=detail, milliseconds=round(1000 * (time.monotonic() - began)),
            )  # fmt: skip
        return _answer(status, document, headers)

    def _handle(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.is_open:
            self.token = _authenticate(request)
            attempts.take("scim", str(self.token.pk), REQUESTS)
        handler = getattr(self, request.method.lower(), None)
        if request.method == "OPTIONS" or handler is None:
            raise ScimError(f"{request.method} does not work on this address.", status=405)
        if request.method in {"POST", "PUT", "PATCH", "DELETE"}:
            require_writable(tenant=request.tenant)
        return handler(request, *args, **kwargs)

    @property
    def tenant(self) -> Tenant:
        return self.request.tenant  # type: ignore[attr-defined,no-any-return]

    @property
    def by(self) -> Provisioner:
        name = self.token.name if self.token else ""
        return Provisioner(self.tenant, name)

    @property
    def base(self) -> str:
        return self.request.build_absolute_uri("/scim/v2")

    def body(self) -> Any:
        """The request's JSON; raises `ScimError` (invalidSyntax)."""
        kind = self.request.content_type or ""
        if kind not in TAKEN:
            raise ScimError(f"Send {MEDIA_TYPE}.", status=415)
        try:
            return json.loads(self.request.body)
        except (ValueError, RecursionError):
            raise ScimError("The body is not JSON.", scim_type="invalidSyntax") from None

    def check_version(self, version: str) -> None:
        """412 when `If-Match` names another version."""
        wanted = self.request.headers.get("If-Match", "*")
        if wanted != "*" and version not in [each.strip() for each in wanted.split(",")]:
            raise errors.stale()

    def is_known(self, version: str) -> bool:
        """Whether the client has this version already (`If-None-Match`)."""
        known = self.request.headers.get("If-None-Match", "")
        return known == "*" or version in [each.strip() for each in known.split(",")]

    def page(self) -> tuple[int, int]:
        """`startIndex`, from 1, and `count`, at most 200."""
        start = max(1, _number(self.request, "startIndex", 1))
        return start, min(MOST_COUNT, max(0, _number(self.request, "count", DEFAULT_COUNT)))

    def leaves_out(self, name: str) -> bool:
        """Whether `excludedAttributes` or `attributes` leave one out."""
        excluded = _names(self.request, "excludedAttributes")
        asked = _names(self.request, "attributes")
        return name.lower() in excluded or bool(asked and name.lower() not in asked)


def listed(total: int, start: int, resources: list[Any]) -> dict[str, Any]:
    return {
        "schemas": [LIST], "totalResults": total, "startIndex": start,
        "itemsPerPage": len(resources), "Resources": resources,
    }  # fmt: skip


def _authenticate(request: Any) -> ScimToken:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    stranger = ("scim_token", request.META.get("REMOTE_ADDR", ""), STRANGERS)
    with attempts.counting_wrong(stranger) as wrong:
        token = None
        if scheme.lower() == "bearer":
            token = tokens.authenticate(secret=secret.strip(), tenant=request.tenant)
        if token is None:
            wrong.append(True)
    if token is None:
        raise ScimError(
            "The bearer token is missing, unknown here, expired or revoked.", status=401
        )
    return token


def _answer(status: int, document: Any, headers: dict[str, str]) -> HttpResponse:
    content = json.dumps(document) if document is not None else ""
    response = HttpResponse(content, status=status, content_type=MEDIA_TYPE)
    for name, value in headers.items():
        response[name] = value
    add_never_cache_headers(response)
    return response


def _headers(error: DomainError) -> dict[str, str]:
    headers = (
        {"WWW-Authenticate": 'Bearer realm="scim"'}
        if error.status == HTTPStatus.UNAUTHORIZED
        else {}
    )
    wait = getattr(error, "retry_after", None)
    return {**headers, "Retry-After": str(wait)} if wait else headers


def _number(request: HttpRequest, name: str, default: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return default
    try:
        return max(-1, min(int(text), 10**9))
    except ValueError:
        raise errors.invalid_value(f"{name} is a number.") from None


def _names(request: HttpRequest, parameter: str) -> set[str]:
    given = request.GET.get(parameter, "").split(",")
    return {name.strip().rpartition(":")[2].lower() for name in given if name.strip()}
