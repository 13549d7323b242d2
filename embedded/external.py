"""Servers a person brought along: reached and let in before anything else is started."""

from __future__ import annotations

import socket
import ssl
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from embedded.faults import Fault

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from embedded.layout import Layout

SECONDS = 10
REDIS_PORT = 6379
CONNECT = f"""
import sys, psycopg
try:
    with psycopg.connect(sys.stdin.read(), connect_timeout={SECONDS}):
        pass
except psycopg.Error as error:
    sys.exit(str(error))
"""


def require_database(layout: Layout, url: str) -> None:
    """A `Fault` unless `DATABASE_URL` lets us in."""
    done = subprocess.run(
        [str(layout.python), "-c", CONNECT], input=url, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Fault(
            "DATABASE_URL names a database that does not let us in.",
            "correct it, or unset DATABASE_URL to use the built-in PostgreSQL.",
            done.stderr.strip(),
        )


def require_redis(url: str) -> None:
    """A `Fault` unless `REDIS_URL` lets us in; with rediss:// its certificate must be good.

    The check trusts the system's authorities, SSL_CERT_FILE, or `?ssl_ca_certs=<file>`.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname:
        raise _refusal("it must start with redis:// or rediss:// and name a host")
    if parts.scheme == "rediss" and _query(parts, "ssl_cert_reqs").lower() in {"none", "cert_none"}:
        raise _refusal("ssl_cert_reqs=none switches the certificate check off")
    try:
        answer = _greet(parts)
    except ssl.SSLCertVerificationError as error:
        raise _refusal(f"its certificate does not hold: {error.verify_message}") from None
    except OSError as error:
        raise _refusal(str(error)) from None
    if "+PONG" not in answer:
        raise _refusal(answer.strip().splitlines()[0] if answer.strip() else "it hung up")


def _greet(parts: SplitResult) -> str:
    """AUTH if there is a password, then PING: what the server answered."""
    words = [["PING"]]
    if parts.password:
        login = [unquote(parts.username)] if parts.username else []
        words.insert(0, ["AUTH", *login, unquote(parts.password)])
    address = (parts.hostname or "", parts.port or REDIS_PORT)
    plain = socket.create_connection(address, timeout=SECONDS)
    with plain, _secure(plain, parts) if parts.scheme == "rediss" else plain as connection:
        connection.sendall(b"".join(_encode(word) for word in words))
        lines = connection.makefile("r", encoding="utf-8", errors="replace")
        return "".join(lines.readline() for _ in words)


def _secure(plain: socket.socket, parts: SplitResult) -> socket.socket:
    context = ssl.create_default_context(cafile=_query(parts, "ssl_ca_certs") or None)
    return context.wrap_socket(plain, server_hostname=parts.hostname)


def _encode(words: list[str]) -> bytes:
    raw = [word.encode() for word in words]
    return b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%s\r\n" % (len(r), r) for r in raw)


def _query(parts: SplitResult, name: str) -> str:
    return parse_qs(parts.query).get(name, [""])[0]


def _refusal(reason: str) -> Fault:
    return Fault(
        f"REDIS_URL names a server we cannot use: {reason}.",
        "correct it, or unset REDIS_URL to use the built-in Valkey.",
    )
