"""API keys: made once, kept as a hash, allowed what their scopes say.

https://create.roblox.com/docs/cloud/auth/api-keys: a key belongs to a user, a scope has
operations and may be restricted to universes, and a key unused for 60 days expires.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request

from sandbox.database import now
from sandbox.roblox.errors import Form, Refusal
from sandbox.world import World, world_of

UNUSED_FOR = timedelta(days=60)
SHOWN = 12
STATUSES = ("active", "disabled", "revoked", "moderated")

# What releasing a place needs, and no more; "universe-places" is the publish scope's name.
RELEASE_SCOPES = (
    "universe-places:write",
    "universe:write",
    "universe-messaging-service:publish",
    "asset:read",
    "asset:write",
)
PER_UNIVERSE = ("universe", "universe-places", "universe-messaging-service", "universe.place")


@dataclass(frozen=True)
class Key:
    id: int
    name: str
    owner_id: int
    prefix: str
    scopes: list[dict[str, Any]]
    status: str
    created_at: str
    expires_at: str | None
    used_at: str | None

    @property
    def expired(self) -> bool:
        """Past its date, or unused for 60 days."""
        if self.expires_at and _moment(self.expires_at) <= datetime.now(UTC):
            return True
        return _moment(self.used_at or self.created_at) + UNUSED_FOR <= datetime.now(UTC)

    def allows(self, scope: str, universe_id: int | None) -> bool:
        name, operation = scope.rsplit(":", 1)
        return any(
            found["name"] == name
            and operation in found["operations"]
            and _covers(found.get("universeIds"), universe_id)
            for found in self.scopes
        )


def _covers(universe_ids: list[str] | None, universe_id: int | None) -> bool:
    if universe_ids is None or universe_id is None:
        return True
    return "*" in universe_ids or str(universe_id) in universe_ids


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def create(
    world: World,
    *,
    name: str,
    owner_id: int,
    scopes: Iterable[str] = RELEASE_SCOPES,
    universe_ids: Iterable[int | str] = ("*",),
    expires_at: str | None = None,
) -> tuple[Key, str]:
    """A new key and its text, which is not kept and cannot be shown again."""
    text = f"rbxsbx-{secrets.token_urlsafe(36)}"
    if expires_at:
        _moment(expires_at)
    key_id = world.database.run(
        "INSERT INTO keys (name, owner_id, prefix, sha256, scopes, created_at, expires_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        name,
        owner_id,
        text[:SHOWN],
        _fingerprint(text),
        json.dumps(_grouped(scopes, [str(universe_id) for universe_id in universe_ids])),
        now(),
        expires_at,
    )
    return one(world, key_id), text


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _grouped(scopes: Iterable[str], universe_ids: list[str]) -> list[dict[str, Any]]:
    """`["asset:read", "asset:write"]` as introspection lists it."""
    found: dict[str, dict[str, Any]] = {}
    for scope in scopes:
        name, _, operation = scope.rpartition(":")
        if not name or not operation:
            raise ValueError(f"{scope!r} is not a scope such as universe-places:write")
        entry = found.setdefault(name, {"name": name, "operations": []})
        entry["operations"].append(operation)
        entry |= {"universeIds": universe_ids} if name in PER_UNIVERSE else {"userIds": ["*"]}
    return list(found.values())


def _from_row(row: Mapping[str, Any]) -> Key:
    values = {**row, "scopes": json.loads(row["scopes"])}
    del values["sha256"]
    return Key(**values)


def every(world: World) -> list[Key]:
    return [_from_row(row) for row in world.database.rows("SELECT * FROM keys ORDER BY id DESC")]


def one(world: World, key_id: int) -> Key:
    """Raises `LookupError`."""
    row = world.database.row("SELECT * FROM keys WHERE id = ?", key_id)
    if row is None:
        raise LookupError(f"There is no key {key_id}.")
    return _from_row(row)


def find(world: World, text: str) -> Key | None:
    """The key with this text, whatever state it is in."""
    row = world.database.row("SELECT * FROM keys WHERE sha256 = ?", _fingerprint(text))
    return _from_row(row) if row else None


def change(world: World, key_id: int, *, status: str | None = None, expire: bool = False) -> Key:
    """Put a key into another state: one of `STATUSES`, or past its date."""
    if status is not None and status not in STATUSES:
        raise ValueError(f"status must be one of {', '.join(STATUSES)}")
    if status:
        world.database.run("UPDATE keys SET status = ? WHERE id = ?", status, key_id)
    if expire:
        world.database.run("UPDATE keys SET expires_at = ? WHERE id = ?", now(), key_id)
    return one(world, key_id)


def authenticate(request: Request) -> Key:
    """The key a request carries. Raises the gateway's `Refusal` (401)."""
    text = request.headers.get("x-api-key", "")
    if not text:
        raise Refusal(401, "Missing API Key", form=Form.GATEWAY)
    world = world_of(request)
    key = find(world, text)
    if key is None or key.status != "active" or key.expired:
        raise Refusal(401, "Invalid API Key", form=Form.GATEWAY)
    world.database.run("UPDATE keys SET used_at = ? WHERE id = ?", now(), key.id)
    return key
