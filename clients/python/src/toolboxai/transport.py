"""Sending requests: signing in, repeating what may be repeated, reading answers."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import quote, urlsplit

import httpx

from toolboxai.errors import Problem, Unreachable

ATTEMPTS = 4
LONGEST_WAIT = 60.0  # seconds; a longer `Retry-After` is left to the caller
PASSING = frozenset({429, 502, 503, 504})
NOT_ARRIVED = frozenset({429, 503})
IN_PROGRESS = "request_in_progress"
VERSION = "/api/v1"

# What is uploaded: an open file, whose name goes along, or a name and its bytes.
File = IO[bytes] | tuple[str, bytes]


class Omit:
    """The default of what may be left out of a body, which null may not stand for."""

    def __repr__(self) -> str:
        return "OMIT"


OMIT = Omit()


class Transport:
    """`url` is the workspace's address; `api_key` an API key or an access token; `timeout` is
    seconds for one attempt. `http` takes an `httpx.Client` of your own: proxies, certificates.
    """

    def __init__(
        self, url: str, *, api_key: str, timeout: float = 60.0, http: httpx.Client | None = None
    ) -> None:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        self._base = f"{parts.scheme}://{parts.netloc}{VERSION}"
        self._headers = {"Authorization": f"Bearer {api_key}", "Accept": "application/json"}
        self._http = http or httpx.Client(timeout=timeout)
        self.etag: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        file: str | None = None,
        idempotency_key: str | None = None,
        if_match: str | None = None,
        once: bool = False,
    ) -> Any:
        """`file` names the member of `body` that is one: then it is sent as a form. `once`: no key
        makes this write repeatable, so it is not sent again where it may have arrived.
        """
        headers = dict(self._headers)
        if method != "GET" and not once:
            headers["Idempotency-Key"] = idempotency_key or str(uuid.uuid4())
        if if_match is not None:
            headers["If-Match"] = if_match
        asked = {k: _plain(v) for k, v in (query or {}).items() if v is not None}
        told = {k: v for k, v in body.items() if v is not OMIT} if body is not None else None
        content = _form(told or {}, file) if file else {"json": told} if told is not None else {}
        url = self._base + path
        reply = self._send(method, url, headers, once=once, params=asked, **content)
        self.etag = reply.headers.get("etag")
        if not reply.content:
            return None
        is_json = "json" in reply.headers.get("content-type", "")
        return reply.json() if is_json else reply.content

    def _pages(self, path: str, query: Mapping[str, Any]) -> Iterator[Any]:
        """All rows of a list, page by page."""
        page = self._call("GET", path, query=query)
        yield from page["results"]
        while page.get("next"):
            # The address is asked of the server we know, whatever host it names.
            following = urlsplit(page["next"])
            url = f"{self._base}{path}?{following.query}"
            page = self._send("GET", url, dict(self._headers)).json()
            yield from page["results"]

    def _send(
        self, method: str, url: str, headers: dict[str, str], *, once: bool = False, **options: Any
    ) -> httpx.Response:
        passing = NOT_ARRIVED if once else PASSING
        problem: Problem | None = None
        for attempt in range(1, ATTEMPTS + 1):
            wait = 0.5 * 2 ** (attempt - 1)
            try:
                where, named = _on_loopback(url)
                reply = self._http.request(method, where, headers=headers | named, **options)
            except httpx.TransportError as error:
                may_have_arrived = not isinstance(error, httpx.ConnectError)
                if attempt == ATTEMPTS or (once and may_have_arrived):
                    raise Unreachable(f"{method} {url}: {error}") from error
            else:
                if reply.is_success:
                    return reply
                problem = _problem(reply)
                wait = problem.retry_after if problem.retry_after is not None else wait
                repeated = problem.status in passing or problem.code == IN_PROGRESS
                if not repeated or attempt == ATTEMPTS or wait > LONGEST_WAIT:
                    raise problem
            time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")


def _path(template: str, **names: Any) -> str:
    return template.format(**{key: quote(str(value), safe="") for key, value in names.items()})


def _plain(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _form(body: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Read once, so that it can be sent again."""
    given: File = body[file]
    if isinstance(given, tuple):
        name, content = given
    else:
        name, content = PurePath(str(getattr(given, "name", file))).name, given.read()
    fields = {key: _plain(value) for key, value in body.items() if key != file}
    return {"data": fields, "files": {file: (name, content, "application/octet-stream")}}


def _problem(reply: httpx.Response) -> Problem:
    wait = reply.headers.get("retry-after", "")
    try:
        document = reply.json()
    except ValueError:
        document = {"code": "unknown", "title": reply.reason_phrase}
    return Problem(reply.status_code, document, float(wait) if wait.isdigit() else None)


def _on_loopback(url: str) -> tuple[str, dict[str, str]]:
    """Names below `localhost` are this machine (RFC 6761, 6.3), which not every resolver knows."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host.endswith(".localhost"):
        return url, {}
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=f"127.0.0.1{port}").geturl(), {"Host": parts.netloc}
