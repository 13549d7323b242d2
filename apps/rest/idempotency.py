"""`Idempotency-Key` on writes (draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from django.http import HttpResponse, QueryDict
from rest_framework.request import Request

from apps.rest.input_errors import InputRefused, in_header
from apps.rest.models import StoredAnswer
from apps.rest.services import stored_answers
from apps.rest.services.stored_answers import Claim

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"
LONGEST: Final = 255
WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# About who asks, how often, or us: the same request may be answered otherwise a moment later.
NOT_STORED: Final = frozenset({401, 403, 408, 425, 429})
KEPT_HEADERS: Final = ("Content-Type", "ETag", "Location", "Link", "Deprecation", "Sunset")


class Replayed(Exception):
    """Ends a request early: it was answered before."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


def claim_of(request: Request) -> Claim | None:
    """What the request claims, or None when it brings no key or belongs to nobody."""
    tenant = getattr(request._request, "tenant", None)
    given = request.headers.get(HEADER)
    if given is None or request.method not in WRITES or tenant is None:
        return None
    if not request.user.is_authenticated:
        return None
    kind = "key" if hasattr(request.user, "scopes") else "person"
    return Claim(tenant.schema_name, f"{kind}:{request.user.pk}", _key(given), fingerprint(request))


def begin(claim: Claim) -> None:
    """Raises `Replayed` when the answer is known; needs a transaction."""
    stored = stored_answers.claim(claim)
    if stored is not None:
        raise Replayed(_again(stored))


def keep(claim: Claim, response: Any) -> None:
    """Store a rendered answer that may be given again."""
    if response.status_code >= 500 or response.status_code in NOT_STORED:  # noqa: PLR2004
        return
    headers = {name: response[name] for name in KEPT_HEADERS if response.has_header(name)}
    stored_answers.keep(
        claim, status=response.status_code, headers=headers, body=response.content.decode()
    )


def fingerprint(request: Request) -> str:
    """SHA-256 of what the request says: method, address, condition and content. Content counts as
    parsed: white space and a form's boundary may differ when a client tries again.
    """
    digest = hashlib.sha256()
    for part in (request.method, request.get_full_path(), request.headers.get("If-Match", "")):
        _feed(digest, str(part).encode())
    data = request.data
    if isinstance(data, QueryDict):
        for name, values in sorted(data.lists()):
            for value in values:
                _feed(digest, name.encode())
                _feed_value(digest, value)
    else:
        _feed(digest, json.dumps(data, sort_keys=True).encode())
    return digest.hexdigest()


def _key(given: str) -> str:
    """The key of a structured header's string, quotes or not (RFC 9651 section 3.3.3)."""
    key = given.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 0 < len(key) <= LONGEST or not (key.isascii() and key.isprintable()):
        text = f"Send 1 to {LONGEST} printable ASCII characters, such as a random UUID."
        raise InputRefused([in_header(HEADER, "invalid", text)])
    return key


def _feed(digest: Any, part: bytes) -> None:
    digest.update(len(part).to_bytes(8, "big") + part)


def _feed_value(digest: Any, value: Any) -> None:
    """A field's text, or an upload by its pieces: large ones lie on disk and stay there."""
    if not hasattr(value, "chunks"):
        _feed(digest, str(value).encode())
        return
    _feed(digest, f"{value.name} {value.size}".encode())
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)


def _again(stored: StoredAnswer) -> HttpResponse:
    response = HttpResponse(stored.body.encode(), status=stored.status)
    del response["Content-Type"]
    for name, value in stored.headers.items():
        response[name] = value
    response[REPLAYED] = "true"
    return response
