"""ETag, If-Match and If-None-Match (RFC 9110 sections 8.8.3 and 13).

A resource's ETag is a digest of what its whole shape shows, also when only some fields were asked
for: whoever sends it back says "as I saw it". If-Match is compared weakly, because compression
weakens the tags it passes on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.utils.cache import get_conditional_response
from django.utils.http import parse_etags
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

from apps.rest.errors import PreconditionFailed, PreconditionMissing
from apps.rest.input_errors import InputError, in_header

SAFE = frozenset({"GET", "HEAD"})
CONDITIONS = frozenset(
    {"HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE"}
)


def etag_of(shown: Any) -> str:
    """The ETag of a resource, from all that its serializer shows of it."""
    text = json.dumps(shown, cls=JSONEncoder, sort_keys=True)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def errors_in(view: Any, request: Request) -> Iterator[InputError]:
    """What is wrong with If-Match itself. Raises `PreconditionMissing` where it is needed."""
    given = request.headers.get("If-Match")
    if given is None:
        if view.act in view.if_match_required:
            raise PreconditionMissing("Read the resource and send its ETag along as If-Match.")
    elif not parse_etags(given):
        text = "Send the ETag as it was read, in its quotes, or * for whatever is there."
        yield in_header("If-Match", "invalid", text)


def require_match(request: Request, present: str | None) -> None:
    """Raises `PreconditionFailed` unless If-Match names what is there."""
    wanted = parse_etags(request.headers.get("If-Match", ""))
    if present is not None and ("*" in wanted or _weak(present) in map(_weak, wanted)):
        return
    raise PreconditionFailed(present)


def answer(request: HttpRequest, response: Any) -> Any:
    """The response, or 304 when the caller has it already. An answer to a read that brings no
    ETag of its own gets a weak one over its bytes.
    """
    if request.method not in SAFE or response.status_code != 200 or response.streaming:  # noqa: PLR2004
        return response
    if not response.has_header("ETag") and hasattr(response, "render"):
        content = response.render().content
        response["ETag"] = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
    etag = response.get("ETag")
    found = response
    if etag and not CONDITIONS.isdisjoint(request.META):
        found = get_conditional_response(request, etag=etag, response=response) or response
    return found


def _weak(tag: str) -> str:
    return tag.removeprefix("W/")
