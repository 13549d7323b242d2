"""HMAC-SHA256 signatures of channels and of HTTP API requests.

https://pusher.com/docs/channels/library_auth_reference/auth-signatures/
https://pusher.com/docs/channels/library_auth_reference/rest-api/#authentication
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping


def sign(secret: str, text: str) -> str:
    return hmac.new(
        secret.encode(), text.encode("utf-8", "surrogatepass"), hashlib.sha256
    ).hexdigest()


def channel_text(socket_id: str, channel: str, channel_data: str | None = None) -> str:
    """What the signature of a channel covers."""
    return ":".join(part for part in (socket_id, channel, channel_data) if part is not None)


def user_text(socket_id: str, user_data: str) -> str:
    """What the signature of a user's sign-in covers."""
    return f"{socket_id}::user::{user_data}"


def request_text(method: str, path: str, query: Mapping[str, str]) -> str:
    """What the signature of a request covers: keys in lower case, sorted, values unescaped."""
    pairs = sorted((key.lower(), value) for key, value in query.items() if key != "auth_signature")
    return "\n".join([method.upper(), path, "&".join(f"{key}={value}" for key, value in pairs)])


def matches(secret: str, text: str, signature: str) -> bool:
    """Compares in constant time; anything but ASCII never matches."""
    return signature.isascii() and hmac.compare_digest(sign(secret, text), signature)


def body_md5(body: bytes) -> str:
    """The protocol's checksum of a body; the HMAC over it is what protects it."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
