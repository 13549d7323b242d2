"""The versions of an asset; a place is an asset, and lists what was published to it.

https://create.roblox.com/docs/cloud/reference/features/assets
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.roblox import quirks
from sandbox.roblox.assets import add_version, find_asset, moderation_result
from sandbox.roblox.endpoint import endpoint, number
from sandbox.roblox.errors import Refusal
from sandbox.roblox.keys import Key
from sandbox.world import StoredFile, World, world_of

USUAL_PAGE, LARGEST_PAGE = 8, 50


@endpoint(100, "asset:read")
async def list_versions(request: Request, key: Key) -> Response:
    world, size = world_of(request), _page_size(request)
    found = _versions(world, number(request, "asset_id"), key)
    token = request.query_params.get("pageToken", "")
    if token:
        before = _before(token)
        found = [version for version in found if version["number"] < before]
    page = [_represent(world, version) for version in found[:size]]
    if not quirks.is_on(world, "versions_in_envelope"):
        return JSONResponse(page)
    more = {"nextPageToken": str(found[size - 1]["number"])} if len(found) > size else {}
    return JSONResponse({"assetVersions": page, **more})


def _page_size(request: Request) -> int:
    text = request.query_params.get("maxPageSize", str(USUAL_PAGE))
    if not text.isdigit() or not 1 <= int(text) <= LARGEST_PAGE:
        raise Refusal(400, "maxPageSize must be between 1 and 50.")
    return int(text)


def _before(token: str) -> int:
    if not token.isdigit():
        raise Refusal(400, "pageToken is not one that was given out.")
    return int(token)


@endpoint(100, "asset:read")
async def get_version(request: Request, key: Key) -> Response:
    asset_id, wanted = number(request, "asset_id"), number(request, "number")
    world = world_of(request)
    return JSONResponse(_represent(world, _find(world, asset_id, wanted, key)))


@endpoint(100, "asset:read", "asset:write")
async def rollback(request: Request, key: Key) -> Response:
    asset_id, world = number(request, "asset_id"), world_of(request)
    form = await request.form()
    wanted = str(form.get("assetVersion") or "")
    prefix = f"assets/{asset_id}/versions/"
    if not wanted.startswith(prefix) or not wanted.removeprefix(prefix).isdigit():
        raise Refusal(400, f"assetVersion must be {prefix}{{versionNumber}}.")
    version = _find(world, asset_id, int(wanted.removeprefix(prefix)), key)
    _restore(world, version)
    return JSONResponse(_represent(world, _versions(world, asset_id, key)[0]))


def _restore(world: World, version: dict[str, Any]) -> None:
    """The old content becomes the newest version; a place's is saved and not published."""
    if not version["is_place"]:
        stored = StoredFile(version["sha256"], version["size"], b"")
        add_version(world, version["asset_id"], stored)
        return
    world.database.run(
        "INSERT INTO place_versions SELECT place_id, "
        "(SELECT max(number) + 1 FROM place_versions WHERE place_id = v.place_id), 'Saved', "
        "content_type, sha256, size, key_prefix, strftime('%Y-%m-%dT%H:%M:%fZ') "
        "FROM place_versions v WHERE place_id = ? AND number = ?",
        version["asset_id"],
        version["number"],
    )


def _find(world: World, asset_id: int, wanted: int, key: Key) -> dict[str, Any]:
    for version in _versions(world, asset_id, key):
        if version["number"] == wanted:
            return version
    raise Refusal(404, f"Asset {asset_id} has no version {wanted}.")


def _versions(world: World, asset_id: int, key: Key) -> list[dict[str, Any]]:
    """Newest first. Raises `Refusal` 403 and 404."""
    place = world.database.row(
        "SELECT e.owner_id FROM places p JOIN experiences e USING (universe_id) WHERE place_id = ?",
        asset_id,
    )
    if place is None:
        asset = find_asset(world, asset_id, key)
        sql = "SELECT *, 0 AS is_place FROM asset_versions WHERE asset_id = ? ORDER BY number DESC"
        return [{**asset, **row} for row in world.database.rows(sql, asset_id)]
    if place["owner_id"] != key.owner_id:
        raise Refusal(403, f"The key's owner may not use asset {asset_id}.")
    return world.database.rows(
        "SELECT *, place_id AS asset_id, 1 AS is_place, 'Approved' AS moderation "
        "FROM place_versions WHERE place_id = ? ORDER BY number DESC",
        asset_id,
    )


def _represent(world: World, version: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "path": f"assets/{version['asset_id']}/versions/{version['number']}",
        "moderationResult": moderation_result(world, version["moderation"]),
    }
    if not version["is_place"]:
        return {**found, "creationContext": {"creator": version["creator"]}}
    sql = "SELECT owner_id FROM places JOIN experiences USING (universe_id) WHERE place_id = ?"
    owner = world.database.value(sql, version["asset_id"])
    published = version["version_type"] == "Published"
    return {
        **found,
        "creationContext": {"creator": {"userId": owner}},
        "published": published,
    }
