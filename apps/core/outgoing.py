"""The one way out to a vendor: explicit timeouts, own errors, retries, a circuit breaker.

```python
ROBLOX = Vendor("roblox", base_url_setting="ROBLOX_API_URL")
reply = ROBLOX.request("GET", "/cloud/v2/universes/1", headers={...}, idempotent=True)
```

The address comes from settings, never from data; redirects are not followed and the
environment's proxies are not used, so a call cannot be led elsewhere.
"""

from __future__ import annotations

import email.utils
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from ssl import SSLContext
from typing import IO, Any

import httpx
import stamina
import structlog
from django.conf import settings

from apps.core.breaker import (
    BreakerOpen,
    BreakerState,
    breaker_state,
    close_breaker,
    declare,
    declared,
    guard,
)
from apps.core.errors import VendorError

__all__ = [
    "BreakerOpen",
    "BreakerState",
    "Reply",
    "Timeouts",
    "Vendor",
    "VendorRefused",
    "VendorTimeout",
    "VendorUnavailable",
    "breaker_state",
    "close_breaker",
    "known_vendors",
]

LARGEST_REPLY = 10 * 1024 * 1024
PATIENT_WAIT = 5.0  # the longest `retry-after` in seconds that is worth waiting for in place
TRANSIENT = {408, 425, 429}

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, between two reads, between two writes, and for the whole call."""

    connect: float = 5
    read: float = 30
    write: float = 30
    total: float = 300

    def for_httpx(self) -> httpx.Timeout:
        return httpx.Timeout(
            connect=self.connect, read=self.read, write=self.write, pool=self.connect
        )


@dataclass(frozen=True)
class Reply:
    """A vendor's answer, read to its end. `headers` has lower-case names."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The parsed body, or None where it is not JSON."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


class VendorUnavailable(VendorError):
    """No usable answer: no connection, a cut one, or a 5xx (then `reply` holds it).

    `sent` is True when the vendor may have taken the request and acted on it.
    """

    code = "vendor_unavailable"
    title = "An outside service could not be reached"

    def __init__(
        self,
        detail: str,
        *,
        sent: bool,
        reply: Reply | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail, permanent=False, retry_after=retry_after)
        self.sent, self.reply = sent, reply


class VendorTimeout(VendorUnavailable):
    """No answer in time. With `sent` True the request may have been taken."""

    code = "vendor_timeout"
    status = 504
    title = "An outside service did not answer in time"


class VendorRefused(VendorError):
    """A 3xx or 4xx answer, kept in `reply`. Permanent unless it is 408, 425 or 429."""

    code = "vendor_refused"
    title = "An outside service refused the request"

    def __init__(self, detail: str, *, reply: Reply, retry_after: float | None = None) -> None:
        permanent = reply.status not in TRANSIENT
        super().__init__(detail, permanent=permanent, retry_after=retry_after)
        self.reply = reply


class Vendor:
    """One outside service. Its breaker and its log lines carry `name`."""

    def __init__(
        self,
        name: str,
        *,
        base_url_setting: str,
        timeouts: Timeouts | None = None,
        attempts: int = 3,
        title: str = "",
    ) -> None:
        self.name, self.attempts = name, attempts
        self.timeouts = timeouts or Timeouts()
        self._base_url_setting = base_url_setting
        declare(name, title or name.capitalize())

    def request(
        self,
        method: str,
        path: str,
        *,
        idempotent: bool,
        timeouts: Timeouts | None = None,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | IO[bytes] | None = None,
        data: Mapping[str, str] | None = None,
        files: Any = None,
    ) -> Reply:
        """Send and return a 2xx answer.

        An idempotent call is tried up to `attempts` times. Raises `VendorRefused`,
        `VendorUnavailable`, `VendorTimeout` or `BreakerOpen`.
        """
        limits = timeouts or self.timeouts
        options = {"params": params, "headers": headers, "data": data, "files": files}
        options |= {"json": json, "content": content}
        options = {name: value for name, value in options.items() if value is not None}
        url = self._url(path)
        for attempt in stamina.retry_context(
            on=_worth_retrying, attempts=self.attempts if idempotent else 1, wait_max=PATIENT_WAIT
        ):
            with attempt:
                return guard(
                    self.name,
                    lambda: self._send(method, url, limits, options),
                    is_failure=lambda error: isinstance(error, VendorUnavailable),
                )
        raise AssertionError("stamina either returns or raises")

    def _url(self, path: str) -> httpx.URL:
        base = httpx.URL(getattr(settings, self._base_url_setting).rstrip("/") + "/")
        if not path.startswith("/") or any(part in path for part in ("//", "/.", "?", "#", "\\")):
            raise ValueError("a path is absolute and plain; its query goes into params")
        return base.copy_with(raw_path=base.raw_path.rstrip(b"/") + httpx.URL(path).raw_path)

    def _send(
        self, method: str, url: httpx.URL, limits: Timeouts, options: dict[str, Any]
    ) -> Reply:
        started = time.monotonic()
        outcome = "error"
        try:
            reply = _exchange(method, url, limits, options)
            outcome = str(reply.status)
            require_success(self.name, reply)
        except httpx.RequestError as error:
            outcome = type(error).__name__
            raise _translated(self.name, error) from error
        else:
            return reply
        finally:
            log.info(
                "vendor_call",
                vendor=self.name,
                method=method,
                path=url.path,
                outcome=outcome,
                milliseconds=round((time.monotonic() - started) * 1000, 1),
            )


def known_vendors() -> list[str]:
    """The names whose `breaker_state` can be shown."""
    return sorted(declared())


@cache
def trust() -> SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _exchange(method: str, url: httpx.URL, limits: Timeouts, options: dict[str, Any]) -> Reply:
    """A client for each call: calls are few and large, and forks share no sockets this way."""
    deadline = time.monotonic() + limits.total
    client = httpx.Client(timeout=limits.for_httpx(), verify=trust(), trust_env=False)
    with client, client.stream(method, url, **options) as response:
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > LARGEST_REPLY:
                raise httpx.ReadError("the answer is too large")
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("the answer took too long")
        return Reply(response.status_code, dict(response.headers), bytes(content))


def require_success(name: str, reply: Reply) -> None:
    if 200 <= reply.status < 300:  # noqa: PLR2004
        return
    wait = retry_after(reply.headers)
    if reply.status >= 500:  # noqa: PLR2004
        detail = f"{name} answered {reply.status}."
        raise VendorUnavailable(detail, sent=True, reply=reply, retry_after=wait)
    raise VendorRefused(f"{name} answered {reply.status}.", reply=reply, retry_after=wait)


def _translated(name: str, error: httpx.RequestError) -> VendorUnavailable:
    """httpx's errors by what matters here: was it slow, and can it have been taken?"""
    before_sending = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
    sent = not isinstance(error, before_sending)
    if isinstance(error, httpx.TimeoutException):
        return VendorTimeout(f"{name} did not answer in time.", sent=sent)
    happened = "cut the connection" if sent else "could not be reached"
    return VendorUnavailable(f"{name} {happened}.", sent=sent)


def _worth_retrying(error: Exception) -> bool | float:
    """For stamina: whether to try again, or after how many seconds."""
    if not isinstance(error, VendorError) or isinstance(error, BreakerOpen) or error.permanent:
        return False
    if error.retry_after is None:
        return True
    return error.retry_after if error.retry_after <= PATIENT_WAIT else False


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by a `retry-after` header: a number or a date (RFC 9110, 10.2.3)."""
    text = headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())
