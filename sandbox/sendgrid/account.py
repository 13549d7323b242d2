"""The account: API keys, the event webhook's address and its key."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from starlette.requests import Request

from sandbox.database import now
from sandbox.sendgrid.errors import Refusal
from sandbox.world import World, world_of

FULL = ["mail.send", "whitelabel", "suppression"]
# `domain`: the account's own, which needs no records. `pause`: seconds between two events.
DEFAULTS = {"webhook_url": "", "domain": "", "pause": "1", "next_outcome": ""}


@dataclass(frozen=True)
class Key:
    id: int
    scopes: list[str]


def create_key(world: World, *, name: str, scopes: list[str] | None = None) -> str:
    """Its text, which is stored nowhere. An earlier key of this name ends."""
    text = f"SG.{secrets.token_urlsafe(16)}.{secrets.token_urlsafe(32)}"
    world.database.run("DELETE FROM sendgrid_keys WHERE name = ?", name)
    world.database.run(
        "INSERT INTO sendgrid_keys (name, prefix, sha256, scopes, created_at) "
        "VALUES (?, ?, ?, ?, ?)",
        name, text[:12], _digest(text), json.dumps(scopes or FULL), now(),
    )  # fmt: skip
    return text


def authenticate(request: Request) -> Key:
    """The key of the request. Raises `Refusal` (401)."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise Refusal(401, ("Permission denied, wrong credentials", None))
    sql = "SELECT id, scopes FROM sendgrid_keys WHERE sha256 = ?"
    row = world_of(request).database.row(sql, _digest(text.strip()))
    if row is None:
        gone = "The provided authorization grant is invalid, expired, or revoked"
        raise Refusal(401, (gone, None))
    return Key(row["id"], json.loads(row["scopes"]))


def setting(world: World, name: str) -> str:
    found = world.database.value("SELECT value FROM sendgrid_settings WHERE name = ?", name)
    return DEFAULTS[name] if found is None else str(found)


def change(world: World, wishes: dict[str, Any]) -> dict[str, str]:
    """Set some of `DEFAULTS`. Raises `ValueError` for others."""
    for name, value in wishes.items():
        if name not in DEFAULTS:
            raise ValueError(f"There is no setting {name!r}; there are {', '.join(DEFAULTS)}.")
        if name == "pause" and not str(value).replace(".", "", 1).isdigit():
            raise ValueError("pause is a number of seconds.")
        _store(world, name, str(value))
    return {name: setting(world, name) for name in DEFAULTS}


def private_key(world: World) -> ec.EllipticCurvePrivateKey:
    """What events are signed with; made when it is first asked for."""
    sql = "SELECT value FROM sendgrid_settings WHERE name = 'webhook_key'"
    pem = world.database.value(sql)
    if pem is None:
        made = ec.generate_private_key(ec.SECP256R1())
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        _store(world, "webhook_key", pem)
    key = load_pem_private_key(str(pem).encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 -- as it was made above
    return key


def public_key(world: World) -> str:
    """As the settings of the webhook show it: DER in base64."""
    public = private_key(world).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def _store(world: World, name: str, value: str) -> None:
    world.database.run("INSERT OR REPLACE INTO sendgrid_settings VALUES (?, ?)", name, value)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
