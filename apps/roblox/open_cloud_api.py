"""Roblox Open Cloud, the only module that speaks it.

Contract: Roblox's creator documentation, https://create.roblox.com/docs/cloud - the
reference of Universe, Place and Assets, the guides "Place publishing" and "Assets", and
"API keys" for introspection. Limits count per key owner and minute.

Every call raises an `OpenCloudError` (see `open_cloud_errors`) or `core.outgoing.BreakerOpen`;
both are `VendorError`s that say whether they are permanent and when to come back. Publishing
is not idempotent: after `OutcomeUnknown` compare `latest_version` with the one from before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal

from apps.core.outgoing import Reply, Timeouts, Vendor, VendorRefused, VendorUnavailable
from apps.roblox import open_cloud_limits as limits
from apps.roblox.open_cloud_errors import (
    KeyRefused,
    OpenCloudError,
    OutcomeUnknown,
    RateLimited,
    TeamCreateOpen,
    of_failure,
    of_refusal,
)

ROBLOX = Vendor("roblox", base_url_setting="ROBLOX_API_URL")
UPLOAD = Timeouts(read=180, write=60, total=600)
LARGEST_PLACE = 100 * 1024 * 1024  # bytes
CONTENT_TYPES = {"binary": "application/octet-stream", "xml": "application/xml"}
RETRY_WITHOUT_ADVICE = 60.0

Format = Literal["binary", "xml"]
VersionType = Literal["Published", "Saved"]
Moderation = Literal["approved", "reviewing", "rejected", "unknown"]


@dataclass(frozen=True)
class Grant:
    """One scope, such as `universe-places:write`. `universe_ids` None: not per universe, or all."""

    scope: str
    universe_ids: frozenset[int] | None


@dataclass(frozen=True)
class KeyGrants:
    """What a key may do, as Roblox tells it."""

    name: str
    owner_id: int | None
    enabled: bool
    expired: bool
    expires_at: datetime | None
    grants: tuple[Grant, ...]

    def allows(self, scope: str, universe_id: int) -> bool:
        return any(
            grant.scope == scope
            and (grant.universe_ids is None or universe_id in grant.universe_ids)
            for grant in self.grants
        )


@dataclass(frozen=True)
class Place:
    place_id: int
    name: str
    is_root: bool
    updated_at: datetime | None


@dataclass(frozen=True)
class AssetVersion:
    """`is_published` is None for what is not a place."""

    number: int
    is_published: bool | None
    moderation: Moderation


@dataclass(frozen=True)
class Asset:
    asset_id: int
    asset_type: str
    name: str
    version: int
    moderation: Moderation


@dataclass(frozen=True)
class Operation:
    """Ask again until `is_done`; then there is an `asset` or an `error`."""

    is_done: bool
    asset: Asset | None
    error: str


class OpenCloud:
    """Open Cloud with one customer's key. Raises `KeyRefused` for text that cannot be a key."""

    def __init__(self, api_key: str) -> None:
        if not api_key or not api_key.isascii() or not api_key.isprintable() or " " in api_key:
            raise KeyRefused("This is not an API key: it is empty or has characters no key has.")
        self._api_key = api_key
        self._fingerprint = hashlib.sha256(api_key.encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"OpenCloud(key {self._fingerprint})"

    def publish_place(
        self,
        universe_id: int,
        place_id: int,
        content: bytes | Path | IO[bytes],
        file_format: Format,
        version_type: VersionType = "Published",
    ) -> int:
        """Upload a place file (at most 100 MB; an open one from where it stands) and return
        its new version number.

        A place of another universe is `PlaceNotFound`; Roblox answers 409 for that and for an
        open Team Create session alike, so a second call finds out which it was.
        """
        try:
            reply = self._upload(universe_id, place_id, content, file_format, version_type)
        except TeamCreateOpen:
            self.place(universe_id, place_id)
            raise
        return _whole_number(reply, "versionNumber")

    def _upload(
        self,
        universe_id: int,
        place_id: int,
        content: bytes | Path | IO[bytes],
        file_format: Format,
        version_type: VersionType,
    ) -> Reply:
        path = f"/universes/v1/{int(universe_id)}/places/{int(place_id)}/versions"

        def send(body: bytes | IO[bytes]) -> Reply:
            return self._call(
                "publish",
                "POST",
                path,
                timeouts=UPLOAD,
                params={"versionType": version_type},
                headers={"content-type": CONTENT_TYPES[file_format]},
                content=body,
            )

        if not isinstance(content, Path):
            return send(content)
        with content.open("rb") as file:
            return send(file)

    def introspect_key(self) -> KeyGrants:
        """What the key may do, for which universes, and until when."""
        reply = self._call(
            "introspect",
            "POST",
            "/api-keys/v1/introspect",
            idempotent=True,
            json={"apiKey": self._api_key},
        )
        grants = _key_grants(_object(reply))
        if grants.owner_id is not None:
            limits.remember_owner(self._fingerprint, grants.owner_id)
        return grants

    def place(self, universe_id: int, place_id: int) -> Place:
        """Raises `PlaceNotFound` where the universe has no such place."""
        path = f"/cloud/v2/universes/{int(universe_id)}/places/{int(place_id)}"
        body = _object(self._call("read", "GET", path, idempotent=True))
        return Place(
            place_id=int(place_id),
            name=str(body.get("displayName", "")),
            is_root=bool(body.get("root")),
            updated_at=_moment(body.get("updateTime")),
        )

    def restart_servers(
        self,
        universe_id: int,
        *,
        place_ids: Iterable[int] = (),
        close_all_versions: bool = False,
        bleed_off_minutes: int | None = None,
    ) -> None:
        """Restart servers (of these places, or all) so that players get the published version.

        `close_all_versions` also restarts those already on it; `bleed_off_minutes` (1 to 60)
        lets players finish.
        """
        body: dict[str, Any] = {
            "placeIds": [int(place_id) for place_id in place_ids],
            "closeAllVersions": close_all_versions,
            "bleedOffServers": bleed_off_minutes is not None,
        }
        if bleed_off_minutes is not None:
            body["bleedOffDurationMinutes"] = bleed_off_minutes
        path = f"/cloud/v2/universes/{int(universe_id)}:restartServers"
        self._call("restart", "POST", path, idempotent=not close_all_versions, json=body)

    def publish_message(self, universe_id: int, topic: str, message: str) -> None:
        """Send to the live servers: topic of at most 80 characters, message of 1 KiB."""
        path = f"/cloud/v2/universes/{int(universe_id)}:publishMessage"
        self._call("message", "POST", path, json={"topic": topic, "message": message})

    def asset_versions(self, asset_id: int, *, at_most: int = 50) -> list[AssetVersion]:
        """The newest versions (at most 50) of an asset or a place, newest first."""
        path = f"/assets/v1/assets/{int(asset_id)}/versions"
        reply = self._call(
            "asset_versions", "GET", path, idempotent=True, params={"maxPageSize": at_most}
        )
        body = reply.json()
        found = body.get("assetVersions") if isinstance(body, dict) else body
        if not isinstance(found, list):
            raise _unreadable()
        return sorted(map(_asset_version, found), key=lambda version: -version.number)

    def latest_version(self, place_id: int) -> int:
        """The newest version number, saved or published; 0 before the first."""
        return max((version.number for version in self.asset_versions(place_id)), default=0)

    def create_asset(
        self,
        *,
        asset_type: str,
        name: str,
        description: str,
        creator_id: int,
        content: bytes,
        content_type: str,
    ) -> str:
        """Upload an asset (at most 20 MB) for a user; returns the operation to ask about."""
        wish = {
            "assetType": asset_type,
            "displayName": name,
            "description": description,
            "creationContext": {"creator": {"userId": creator_id}},
        }
        files = {
            "request": (None, json.dumps(wish), "application/json"),
            "fileContent": ("content", content, content_type),
        }
        reply = self._call("asset", "POST", "/assets/v1/assets", timeouts=UPLOAD, files=files)
        return str(_object(reply).get("path", "")).removeprefix("operations/")

    def operation(self, operation_id: str) -> Operation:
        if not operation_id.replace("-", "").isalnum() or not operation_id.isascii():
            raise ValueError("not an operation's id")
        path = f"/assets/v1/operations/{operation_id}"
        body = _object(self._call("operation", "GET", path, idempotent=True))
        asset, error = body.get("response"), body.get("error")
        return Operation(
            is_done=bool(body.get("done")),
            asset=_asset(asset) if isinstance(asset, dict) else None,
            error=str(error.get("message", "")) if isinstance(error, dict) else "",
        )

    def asset(self, asset_id: int) -> Asset:
        path = f"/assets/v1/assets/{int(asset_id)}"
        return _asset(_object(self._call("asset", "GET", path, idempotent=True)))

    def _call(
        self, endpoint: str, method: str, path: str, *, idempotent: bool = False, **options: Any
    ) -> Reply:
        owner = limits.owner_of(self._fingerprint)
        limits.take(owner, endpoint)
        headers = {**options.pop("headers", {}), "x-api-key": self._api_key}
        try:
            return ROBLOX.request(method, path, idempotent=idempotent, headers=headers, **options)
        except VendorRefused as refused:
            error: OpenCloudError = of_refusal(refused, path)
        except VendorUnavailable as failure:
            error = of_failure(failure, idempotent=idempotent)
        if isinstance(error, RateLimited):
            error.retry_after = error.retry_after or RETRY_WITHOUT_ADVICE
            limits.hold(owner, endpoint, error.retry_after)
        raise error


def _unreadable() -> OutcomeUnknown:
    return OutcomeUnknown("Roblox answered with success and something unreadable.")


def _object(reply: Reply) -> dict[str, Any]:
    body = reply.json()
    if not isinstance(body, dict):
        raise _unreadable()
    return body


def _whole_number(reply: Reply, name: str) -> int:
    value = _object(reply).get(name)
    if not str(value).isdigit():
        raise _unreadable()
    return int(str(value))


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _key_grants(body: dict[str, Any]) -> KeyGrants:
    owner = str(body.get("authorizedUserId") or "")
    return KeyGrants(
        name=str(body.get("name", "")),
        owner_id=int(owner) if owner.isdigit() else None,
        enabled=bool(body.get("enabled")),
        expired=bool(body.get("expired")),
        expires_at=_moment(body.get("expirationTimeUtc")),
        grants=tuple(grant for scope in body.get("scopes") or [] for grant in _grants(scope)),
    )


def _grants(scope: dict[str, Any]) -> list[Grant]:
    listed = scope.get("universeIds")
    everywhere = listed is None or "*" in listed
    universe_ids = None if everywhere else frozenset(int(found) for found in listed or ())
    operations = scope.get("operations") or []
    return [Grant(f"{scope.get('name')}:{operation}", universe_ids) for operation in operations]


def _asset(body: dict[str, Any]) -> Asset:
    """Roblox sends ids and revisions as numbers or as strings of digits."""
    return Asset(
        asset_id=int(body.get("assetId") or 0),
        asset_type=str(body.get("assetType", "")),
        name=str(body.get("displayName", "")),
        version=int(body.get("revisionId") or 0),
        moderation=_moderation(body),
    )


def _asset_version(body: dict[str, Any]) -> AssetVersion:
    return AssetVersion(
        number=int(str(body.get("path", "")).rpartition("/")[2] or 0),
        is_published=body.get("published"),
        moderation=_moderation(body),
    )


def _moderation(body: dict[str, Any]) -> Moderation:
    """`Approved` and `MODERATION_STATE_APPROVED` are the same."""
    result = body.get("moderationResult") or {}
    name = str(result.get("moderationState", "")).lower().removeprefix("moderation_state_")
    known: dict[str, Moderation] = {
        "approved": "approved",
        "reviewing": "reviewing",
        "rejected": "rejected",
    }
    return known.get(name, "unknown")
