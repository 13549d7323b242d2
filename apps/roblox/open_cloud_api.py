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
from pathlib import Path
from typing import IO, Any, Literal

from apps.core.outgoing import Reply, Timeouts, Vendor, VendorRefused, VendorUnavailable
from apps.roblox import open_cloud_limits as limits
from apps.roblox.open_cloud_errors import (
    AssetNotFound,
    KeyRefused,
    OpenCloudError,
    OutcomeUnknown,
    PlaceNotFound,
    RateLimited,
    RequestRefused,
    RobloxDown,
    ScopeMissing,
    TeamCreateOpen,
    of_failure,
    of_refusal,
)
from apps.roblox.open_cloud_replies import (
    RELEASE_SCOPES,
    Asset,
    AssetVersion,
    Grant,
    KeyGrants,
    Moderation,
    Operation,
    Place,
    asset_of,
    asset_versions_of,
    key_grants_of,
    new_version_of,
    operation_id_of,
    operation_of,
    place_of,
    read,
)

__all__ = [
    "RELEASE_SCOPES",
    "Asset",
    "AssetNotFound",
    "AssetVersion",
    "Grant",
    "KeyGrants",
    "KeyRefused",
    "Moderation",
    "OpenCloud",
    "OpenCloudError",
    "Operation",
    "OutcomeUnknown",
    "Place",
    "PlaceNotFound",
    "RateLimited",
    "RequestRefused",
    "RobloxDown",
    "ScopeMissing",
    "TeamCreateOpen",
]

ROBLOX = Vendor("roblox", base_url_setting="ROBLOX_API_URL", title="Roblox Open Cloud")
UPLOAD = Timeouts(read=180, write=60, total=600)
LARGEST_PLACE = 100 * 1024 * 1024  # bytes
CONTENT_TYPES = {"binary": "application/octet-stream", "xml": "application/xml"}
RETRY_WITHOUT_ADVICE = 60.0

Format = Literal["binary", "xml"]
VersionType = Literal["Published", "Saved"]


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
        return read(reply, new_version_of, otherwise=OutcomeUnknown)

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
        grants = read(reply, key_grants_of)
        if grants.owner_id is not None:
            limits.remember_owner(self._fingerprint, grants.owner_id)
        return grants

    def place(self, universe_id: int, place_id: int) -> Place:
        """Raises `PlaceNotFound` where the universe has no such place."""
        path = f"/cloud/v2/universes/{int(universe_id)}/places/{int(place_id)}"
        return read(self._call("read", "GET", path, idempotent=True), place_of)

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
        return read(reply, asset_versions_of)

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
        return read(reply, operation_id_of, otherwise=OutcomeUnknown)

    def operation(self, operation_id: str) -> Operation:
        if not operation_id.replace("-", "").isalnum() or not operation_id.isascii():
            raise ValueError("not an operation's id")
        path = f"/assets/v1/operations/{operation_id}"
        return read(self._call("operation", "GET", path, idempotent=True), operation_of)

    def asset(self, asset_id: int) -> Asset:
        path = f"/assets/v1/assets/{int(asset_id)}"
        return read(self._call("asset", "GET", path, idempotent=True), asset_of)

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
