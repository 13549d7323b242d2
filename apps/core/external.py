"""HTTP to addresses that customers name: webhook endpoints, issuers of sign-ins.

```python
reply = external.request("POST", "https://school.example/hook", content=body, headers={...})
```

Such a call must not become a way into our own network (server-side request forgery), so

- only https on port 443 or 8000 to 8999, no name and password in the address;
- the name is resolved here, and all its addresses have to be public;
- the connection goes to the very address that was looked at, so a name server that answers
  differently a moment later changes nothing; TLS still asks for, and checks, the name;
- redirects are not followed, proxies of the environment not used;
- the whole call has a deadline and the answer a size, however slowly it trickles.

`OUTGOING_NETWORKS_ALLOWED` opens networks, with any port and plain http, in development and
tests; production does not start with it. Fixed vendors are `core.outgoing`'s.
"""

from __future__ import annotations

import json as json_module
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx
import structlog
from django.conf import settings

from apps.core import dns_api, public_networks
from apps.core.errors import VendorError
from apps.core.outgoing import (
    Reply,
    Timeouts,
    VendorRefused,
    VendorTimeout,
    VendorUnavailable,
    require_success,
    trust,
)
from apps.core.public_networks import Address

__all__ = [
    "AddressRefused",
    "Reply",
    "VendorRefused",
    "VendorTimeout",
    "VendorUnavailable",
    "check",
    "request",
]

LONGEST_URL = 2000
LARGEST_REPLY = 1024 * 1024
PATIENCE = Timeouts(connect=5, read=10, write=10, total=15)
HTTPS = 443
PORTS = {HTTPS, *range(8000, 9000)}
CHUNK = 16 * 1024
AGENT = "ToolBoxAI"
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*", re.IGNORECASE)
_PLAIN = re.compile(r"[^\s\\\x00-\x1f\x7f]+")

log = structlog.get_logger(__name__)


class AddressRefused(VendorError):
    """Not called, and never will be: the address is not one of the open internet."""

    code = "address_refused"
    status = 422
    title = "This address cannot be called"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, permanent=True)


@dataclass(frozen=True)
class _Target:
    """A checked address: `host` is the name asked for, `addresses` where to connect."""

    url: httpx.URL
    host: str
    port: int
    addresses: tuple[Address, ...]


@dataclass(frozen=True)
class _Limits:
    """`largest` in bytes; what is longer is `cut` or an error."""

    timeout: Timeouts
    deadline: float
    largest: int
    cut: bool


def check(url: str) -> None:
    """Resolve `url` and raise `AddressRefused` when `request` would not call it, in a sentence
    for the person who wrote it; `dns_api.DnsUnavailable` when its name servers are silent.
    """
    _target(url, deadline=time.monotonic() + PATIENCE.total)


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes = b"",
    json: Any = None,
    timeout: Timeouts = PATIENCE,
    largest: int = LARGEST_REPLY,
    cut: bool = False,
) -> Reply:
    """Send once and return a 2xx answer.

    `largest` is the answer's size in bytes; a longer one is an error, or with `cut` is read no
    further. Raises `AddressRefused`, `VendorRefused` (a redirect or 4xx), `VendorUnavailable`
    or `VendorTimeout`, the first of which never changes by trying again.
    """
    deadline = time.monotonic() + timeout.total
    target = _target(url, deadline=deadline)
    if json is not None:
        content = json_module.dumps(json, separators=(",", ":")).encode()
        headers = {"content-type": "application/json", **(headers or {})}
    limits = _Limits(timeout, deadline, largest, cut)
    started, outcome = time.monotonic(), "error"
    try:
        reply = _exchange(target, method, headers or {}, content, limits)
        outcome = str(reply.status)
        require_success(target.host, reply)
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        outcome = type(error).__name__
        raise _translated(target.host, error) from error
    else:
        return reply
    finally:
        took = round((time.monotonic() - started) * 1000, 1)
        log.info("external_call", host=target.host, outcome=outcome, milliseconds=took)


def _target(url: str, *, deadline: float) -> _Target:
    parsed = _parsed(url)
    host = parsed.raw_host.decode("ascii").rstrip(".").lower()
    try:
        literal = public_networks.parse(host)
    except ValueError:
        raise AddressRefused(
            f"{host} is no usual way to write an address. Use the name of your server."
        ) from None
    addresses = (literal,) if literal else _resolved(host, deadline)
    is_opened = all(
        public_networks.is_within(address, settings.OUTGOING_NETWORKS_ALLOWED)
        for address in addresses
    )
    port = parsed.port or (HTTPS if parsed.scheme == "https" else 80)
    if not is_opened:
        _require_public(host, addresses)
        _require_usual(parsed.scheme, port)
    return _Target(parsed, host, port, addresses)


def _parsed(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise AddressRefused(f"This is not a whole address: {error}.") from error
    if parsed.scheme not in {"http", "https"} or not parsed.raw_host:
        raise AddressRefused("Write a whole address, such as https://example.com/webhooks.")
    if parsed.userinfo:
        raise AddressRefused("Leave the name and password out of the address.")
    if len(url) > LONGEST_URL or not _PLAIN.fullmatch(url):
        raise AddressRefused(
            f"An address has at most {LONGEST_URL} characters, no spaces and no backslashes."
        )
    return parsed


def _resolved(host: str, deadline: float) -> tuple[Address, ...]:
    """All addresses of a name. RFC 6761, 6.3: `localhost` is never asked for."""
    if host == "localhost" or host.endswith(".localhost"):
        return tuple(filter(None, map(public_networks.parse, ("127.0.0.1",))))
    if not _NAME.fullmatch(host) or "." not in host:
        raise AddressRefused(f"{host} is not the whole name of a server in the internet.")
    lifetime = min(dns_api.LIFETIME, max(0.1, deadline - time.monotonic()))
    found = tuple(
        address
        for text in dns_api.addresses(host, lifetime=lifetime)
        if (address := public_networks.parse(text))
    )
    if not found:
        raise AddressRefused(f"{host} does not exist: its name servers know no address.")
    return found


def _require_public(host: str, addresses: Iterable[Address]) -> None:
    for address in addresses:
        if reason := public_networks.reason_against(address):
            # Not which one: our resolver may know names that are nobody else's business.
            raise AddressRefused(f"{host} is not a public address: {reason}.")


def _require_usual(scheme: str, port: int) -> None:
    if scheme != "https":
        raise AddressRefused("The address has to begin with https://.")
    if port not in PORTS:
        raise AddressRefused(f"Port {port} is not called: use 443, or one of 8000 to 8999.")


class _Pinned(httpcore.NetworkBackend):
    """Connects to checked addresses, whatever the name would lead to by now."""

    def __init__(self, target: _Target, deadline: float) -> None:
        self.target, self.deadline = target, deadline
        self.sockets = httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *rest: Any, **options: Any
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self.target.addresses:
            left = _left(self.deadline, timeout, httpcore.ConnectTimeout)
            try:
                stream = self.sockets.connect_tcp(str(address), port, left, *rest, **options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Timed(stream, self.deadline)
        raise failure


class _Timed(httpcore.NetworkStream):
    """A connection on which no read, write or handshake outlives the call's deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self.stream, self.deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = _left(self.deadline, timeout, httpcore.ReadTimeout)
        return self.stream.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), CHUNK):
            left = _left(self.deadline, timeout, httpcore.WriteTimeout)
            self.stream.write(buffer[start : start + CHUNK], left)

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self.deadline, timeout, httpcore.ConnectTimeout)
        return _Timed(self.stream.start_tls(ssl_context, server_hostname, left), self.deadline)

    def close(self) -> None:
        self.stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def _left(deadline: float, timeout: float | None, late: type[Exception]) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise late("the call took too long")
    return left if timeout is None else min(left, timeout)


def _exchange(
    target: _Target,
    method: str,
    headers: Mapping[str, str],
    content: bytes,
    limits: _Limits,
) -> Reply:
    """One connection for one call: addresses are many and strange, and forks share no sockets."""
    pool = httpcore.ConnectionPool(
        ssl_context=trust(), network_backend=_Pinned(target, limits.deadline), max_connections=1
    )
    url = httpcore.URL(
        scheme=target.url.raw_scheme,
        host=target.host.encode("ascii"),
        port=target.port,
        target=target.url.raw_path,
    )
    sent = _headers(target, headers, content)
    clocks = {"timeout": limits.timeout.for_httpx().as_dict()}
    with pool, pool.stream(method, url, headers=sent, content=content, extensions=clocks) as answer:
        body = bytearray()
        for chunk in answer.iter_stream():
            body += chunk
            if len(body) > limits.largest:
                if not limits.cut:
                    raise httpcore.ReadError("the answer is too large")
                break
        received = {k.decode("ascii").lower(): v.decode("latin-1") for k, v in answer.headers}
        return Reply(answer.status, received, bytes(body[: limits.largest]))


def _headers(
    target: _Target, headers: Mapping[str, str], content: bytes
) -> list[tuple[bytes, bytes]]:
    """The caller's, with those that say whom we speak to. Nothing is asked for compressed: a few
    bytes on the way could be gigabytes here.
    """
    own = {"user-agent": AGENT, "accept": "*/*"} | {k.lower(): v for k, v in headers.items()}
    own |= {"host": target.url.netloc.decode("ascii"), "accept-encoding": "identity"}
    own |= {"content-length": str(len(content)), "connection": "close"}
    return [(name.encode("ascii"), text.encode("latin-1")) for name, text in own.items()]


def _translated(host: str, error: Exception) -> VendorUnavailable:
    """httpcore's errors by what matters to the caller: was it slow, can it have been taken?"""
    sent = not isinstance(error, httpcore.ConnectError | httpcore.ConnectTimeout)
    if isinstance(error, httpcore.TimeoutException):
        return VendorTimeout(f"{host} did not answer in time.", sent=sent)
    happened = "cut the connection" if sent else "could not be reached"
    reason = f": {error}" if str(error) else ""
    return VendorUnavailable(f"{host} {happened}{reason}.", sent=sent)
