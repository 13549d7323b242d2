"""Standard Webhooks 1.0: how a message is named, signed and keyed.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

MARK = "whsec_"
KEY_BYTES = 32


def new_secret() -> str:
    """256 random bits as receivers' libraries take them."""
    return MARK + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def message_id(event_id: UUID) -> str:
    return f"msg_{event_id.hex}"


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC, as it stands in a message."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def headers(*, message: str, at: datetime, body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """The headers of one attempt at `at`; every one of `keys` signs."""
    seconds = str(int(at.timestamp()))
    signed = f"{message}.{seconds}.".encode() + body
    return {
        "content-type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{_sign(signed, key)}" for key in keys),
    }


def _sign(signed: bytes, key: str) -> str:
    raw = base64.b64decode(key.removeprefix(MARK))
    return base64.b64encode(hmac.new(raw, signed, hashlib.sha256).digest()).decode()
