"""How large a request may be, decided before any of it is kept.

Django stores a whole body before it looks at who sent it, so the limit stands in front of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from apps.core.problems import address

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

PROBLEM = {
    "code": "body_too_large",
    "status": 413,
    "title": "The request is too large",
}


class _TooLarge(Exception):
    pass


class BodyLimit:
    """ASGI application around another: 413 (RFC 9110, 15.5.14) for a body of more than `largest`
    bytes, or than `largest_upload` where the path matches `uploads`.
    """

    def __init__(
        self, application: Application, *, largest: int, largest_upload: int, uploads: str
    ) -> None:
        self._application = application
        self._largest, self._largest_upload = largest, largest_upload
        self._uploads = re.compile(uploads)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        is_upload = self._uploads.fullmatch(scope["path"])
        limit = self._largest_upload if is_upload else self._largest
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        # The server lets no length through that is no number; a chunked body announces none.
        if int(announced) > limit:
            await _refuse(send, limit, scope["path"])
            return
        try:
            await self._application(scope, _counted(receive, limit), send)
        except _TooLarge:
            await _refuse(send, limit, scope["path"])


def _counted(receive: Receive, limit: int) -> Receive:
    left = limit

    async def receive_some() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise _TooLarge
        return message

    return receive_some


async def _refuse(send: Send, limit: int, path: str) -> None:
    detail = f"This address takes at most {limit // 1024 // 1024} MB."
    headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    kind = address(str(PROBLEM["code"]))
    problem = {"type": kind, **PROBLEM, "detail": detail, "instance": path}
    await send({"type": "http.response.body", "body": json.dumps(problem).encode()})
