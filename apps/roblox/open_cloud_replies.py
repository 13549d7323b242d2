"""What Open Cloud answers with, as values; anything else becomes an error of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from apps.core.outgoing import Reply
from apps.roblox.open_cloud_errors import OpenCloudError, RobloxDown

# To publish, to restart servers afterwards, and to see whether a lost upload arrived.
RELEASE_SCOPES = ("universe-places:write", "universe:write", "asset:read")

T = TypeVar("T")
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

    def missing(self, universe_id: int, scopes: Iterable[str] = RELEASE_SCOPES) -> list[str]:
        """Those of `scopes` that the key does not have for this universe."""
        return [scope for scope in scopes if not self.allows(scope, universe_id)]


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


def read(
    reply: Reply, parse: Callable[[Any], T], *, otherwise: type[OpenCloudError] = RobloxDown
) -> T:
    """What a successful reply says; `otherwise` where it is not what was promised."""
    try:
        return parse(reply.json())
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise otherwise("Roblox answered with success and something unreadable.") from error


def new_version_of(body: Any) -> int:
    return int(str(body["versionNumber"]))


def operation_id_of(body: Any) -> str:
    prefix, _, operation_id = str(body["path"]).partition("/")
    if prefix != "operations" or not operation_id:
        raise ValueError(prefix)
    return operation_id


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def key_grants_of(body: Any) -> KeyGrants:
    owner = str(body.get("authorizedUserId") or "")
    return KeyGrants(
        name=str(body.get("name", "")),
        owner_id=int(owner) if owner else None,
        enabled=bool(body["enabled"]),
        expired=bool(body["expired"]),
        expires_at=_moment(body.get("expirationTimeUtc")),
        grants=tuple(grant for scope in body.get("scopes") or [] for grant in _grants(scope)),
    )


def _grants(scope: Any) -> list[Grant]:
    listed = scope.get("universeIds")
    everywhere = listed is None or "*" in listed
    universe_ids = None if everywhere else frozenset(int(found) for found in listed or ())
    operations = scope.get("operations") or []
    return [Grant(f"{scope['name']}:{operation}", universe_ids) for operation in operations]


def place_of(body: Any) -> Place:
    return Place(
        place_id=int(str(body["path"]).rpartition("/")[2]),
        name=str(body.get("displayName", "")),
        is_root=bool(body.get("root")),
        updated_at=_moment(body.get("updateTime")),
    )


def operation_of(body: Any) -> Operation:
    asset, error = body.get("response"), body.get("error")
    return Operation(
        is_done=bool(body.get("done")),
        asset=asset_of(asset) if asset else None,
        error=str(error.get("message", "")) if error else "",
    )


def asset_of(body: Any) -> Asset:
    """Roblox sends ids and revisions as numbers or as strings of digits."""
    return Asset(
        asset_id=int(body["assetId"]),
        asset_type=str(body.get("assetType", "")),
        name=str(body.get("displayName", "")),
        version=int(body.get("revisionId") or 0),
        moderation=_moderation(body),
    )


def asset_versions_of(body: Any) -> list[AssetVersion]:
    """Newest first, from a plain list or one in an envelope."""
    listed = body["assetVersions"] if isinstance(body, dict) else body
    return sorted(map(_asset_version, listed), key=lambda version: -version.number)


def _asset_version(body: Any) -> AssetVersion:
    return AssetVersion(
        number=int(str(body["path"]).rpartition("/")[2]),
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
