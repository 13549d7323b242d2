"""The HTTP API's way in: signature first, then the event in the body, in the protocol's limits."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qsl

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from pydantic import BaseModel, Field, StrictStr, ValidationError, field_validator
from redis.exceptions import RedisError

from apps.realtime import applications, protocol, signatures
from apps.realtime.applications import Application

log = structlog.get_logger(__name__)

MAX_CLOCK_SKEW: Final = 600
Answer = Callable[..., dict[str, Any]]


class Refusal(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Publication(BaseModel):
    """One event for one or several channels, as the body of a trigger describes it."""

    name: StrictStr = Field(min_length=1, max_length=protocol.MAX_NAME_LENGTH)
    data: StrictStr
    channel: StrictStr | None = None
    channels: list[StrictStr] = []
    socket_id: StrictStr | None = None
    info: StrictStr = ""

    @field_validator("socket_id")
    @classmethod
    def check_socket_id(cls, value: str | None) -> str | None:
        if value is not None and not protocol.is_socket_id(value):
            raise ValueError("is not a socket id")
        return value

    @property
    def targets(self) -> list[str]:
        return self.channels or ([self.channel] if self.channel else [])


def signed(method: str) -> Callable[[Answer], Callable[..., HttpResponse]]:
    """A view of the API: `answer(request, application, ...)` gives the JSON to send back."""

    def decorate(answer: Answer) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @functools.wraps(answer)
        def view(request: HttpRequest, app_id: str, **names: str) -> HttpResponse:
            if request.method != method:
                return HttpResponseNotAllowed([method])
            try:
                return JsonResponse(answer(request, authenticate(request, app_id), **names))
            except Refusal as refusal:
                return _plain(refusal.status, refusal.text)
            except RedisError as error:
                log.warning("realtime_redis_unreachable", error=str(error))
                return _plain(503, "Temporarily unavailable, try again")

        return view

    return decorate


def authenticate(request: HttpRequest, app_id: str) -> Application:
    """The application whose secret signed this request; raises `Refusal`."""
    query = dict(parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True))
    application = applications.find_by_key(query.get("auth_key", ""))
    if application is None or application.id != app_id:
        if not applications.exists(app_id):
            raise Refusal(404, f"There is no app with the id {app_id}")
        raise Refusal(401, "auth_key is missing or belongs to another app")
    if query.get("auth_version") != "1.0":
        raise Refusal(401, "auth_version must be 1.0")
    _check_time(query.get("auth_timestamp", ""))
    _check_body(request.body, query.get("body_md5"))
    text = signatures.request_text(request.method or "", request.path, query)
    if not signatures.matches(application.secret, text, query.get("auth_signature", "")):
        raise Refusal(401, "auth_signature is wrong: sign method, path and sorted query")
    if not application.is_enabled:
        raise Refusal(403, "This app is switched off")
    return application


def parse_publication(body: bytes, largest: int) -> Publication:
    """`largest` is how many bytes the event's data may have."""
    return _publication(_parse_json(body), protocol.MAX_CHANNELS_PER_EVENT, largest)


def parse_batch(body: bytes, largest: int) -> list[Publication]:
    batch = _parse_json(body).get("batch")
    if not isinstance(batch, list) or len(batch) > protocol.MAX_BATCH:
        raise Refusal(400, f"batch must be a list of at most {protocol.MAX_BATCH} events")
    return [_publication(item, 1, largest) for item in batch]


def _publication(item: Any, max_channels: int, largest: int) -> Publication:
    try:
        publication = Publication.model_validate(item)
    except ValidationError as error:
        problem = error.errors()[0]
        raise Refusal(400, f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}") from error
    if not 0 < len(publication.targets) <= max_channels:
        raise Refusal(400, f"Name 1 to {max_channels} channels")
    for channel in publication.targets:
        if not protocol.is_target(channel):
            raise Refusal(400, "A channel's name has letters, digits and -_=@,.; (200 at most)")
    if protocol.size_of(publication.data) > largest:
        raise Refusal(413, f"The event's data is larger than {largest} bytes")
    return publication


def _parse_json(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(400, "The body is not JSON") from None
    if not isinstance(parsed, dict):
        raise Refusal(400, "The body is not a JSON object")
    return parsed


def _check_time(timestamp: str) -> None:
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > MAX_CLOCK_SKEW:
        raise Refusal(401, f"auth_timestamp must be within {MAX_CLOCK_SKEW} s of {time.time():.0f}")


def _check_body(body: bytes, md5: str | None) -> None:
    if md5 is None and not body:
        return
    if md5 != signatures.body_md5(body):
        raise Refusal(401, "body_md5 is missing or does not match the body")


def _plain(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
