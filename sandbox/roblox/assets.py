"""Creating and updating assets, which answers with an operation to ask again about.

https://create.roblox.com/docs/cloud/reference/features/assets and the guide "Assets".
"""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.database import now
from sandbox.roblox import quirks
from sandbox.roblox.endpoint import endpoint, number
from sandbox.roblox.errors import Refusal
from sandbox.roblox.experiences import FIRST_ASSET
from sandbox.roblox.keys import Key
from sandbox.world import StoredFile, TooLarge, World, world_of

LARGEST = 20 * 1024 * 1024
LONGEST_DESCRIPTION = 1000
LONGEST_NAME = 50
CONTENT_TYPES = {
    "Model": ("model/x-rbxm", "model/fbx", "model/gltf-binary", "model/gltf+json"),
    "Image": ("image/png", "image/jpeg", "image/bmp", "image/tga"),
    "Decal": ("image/png", "image/jpeg", "image/bmp", "image/tga"),
    "Audio": ("audio/mpeg", "audio/ogg", "audio/wav", "audio/flac"),
    "Video": ("video/mp4", "video/mov"),
    "Animation": ("model/x-rbxm",),
    "Mesh": ("model/x-rbxm",),
}
SIGNATURES = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "audio/ogg": (b"OggS",),
    "model/x-rbxm": (b"<roblox!\x89\xff\r\n\x1a\n", b"<roblox"),
}


@dataclass(frozen=True)
class Upload:
    wish: dict[str, Any]
    content_type: str
    stored: StoredFile | None


@endpoint(120, "asset:read", "asset:write")
async def create_asset(request: Request, key: Key) -> Response:
    upload = await _upload(request)
    asset_type = upload.wish.get("assetType")
    if asset_type not in CONTENT_TYPES:
        raise Refusal(400, f"assetType must be one of {', '.join(CONTENT_TYPES)}.")
    name = _text(upload.wish, "displayName", LONGEST_NAME)
    description = _text(upload.wish, "description", LONGEST_DESCRIPTION)
    creator = _creator(upload.wish, key)
    if upload.stored is None:
        raise Refusal(400, "fileContent is required.")
    _require_content(asset_type, upload.content_type, upload.stored)
    world = world_of(request)
    asset_id = world.database.next_number("asset", first=FIRST_ASSET)
    world.database.run(
        "INSERT INTO assets (asset_id, asset_type, display_name, description, creator) "
        "VALUES (?, ?, ?, ?, ?)",
        asset_id,
        asset_type,
        name,
        description,
        json.dumps(creator),
    )
    add_version(world, asset_id, upload.stored)
    return _operation(world, asset_id)


@endpoint(120, "asset:read", "asset:write")
async def update_asset(request: Request, key: Key) -> Response:
    asset = asset_of(request, key)
    upload = await _upload(request)
    world, asset_id = world_of(request), asset["asset_id"]
    _update_metadata(world, asset, upload.wish, request.query_params.get("updateMask", ""))
    if upload.stored is not None:
        if asset["asset_type"] != "Model":
            raise Refusal(400, "Only the content of a Model can be updated.")
        _require_content("Model", upload.content_type, upload.stored)
        add_version(world, asset_id, upload.stored)
    return _operation(world, asset_id)


def _update_metadata(world: World, asset: dict[str, Any], wish: dict[str, Any], mask: str) -> None:
    wanted = [field for field in mask.split(",") if field]
    columns = {
        "displayName": ("display_name", LONGEST_NAME),
        "description": ("description", LONGEST_DESCRIPTION),
    }
    for field in wanted:
        if field not in columns:
            raise Refusal(400, f"updateMask: {field} cannot be updated.")
        column, longest = columns[field]
        sql = f"UPDATE assets SET {column} = ? WHERE asset_id = ?"  # noqa: S608 - own constants
        world.database.run(sql, _text(wish, field, longest), asset["asset_id"])


async def _upload(request: Request) -> Upload:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Refusal(400, "Content-Type must be multipart/form-data.")
    async with request.form(max_files=1, max_fields=2, max_part_size=1024 * 1024) as form:
        try:
            wish = json.loads(str(form.get("request") or ""))
        except ValueError as error:
            raise Refusal(400, "Failed to parse the request.") from error
        if not isinstance(wish, dict):
            raise Refusal(400, "Failed to parse the request.")
        content = form.get("fileContent")
        if not isinstance(content, UploadFile):
            return Upload(wish, "", None)
        try:
            stored = await world_of(request).files.store(_chunks(content), limit=LARGEST)
        except TooLarge as error:
            raise Refusal(400, "The file is larger than 20 MB.") from error
        return Upload(wish, content.content_type or "", stored)


async def _chunks(content: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await content.read(64 * 1024):
        yield chunk


def _text(wish: dict[str, Any], field: str, longest: int) -> str:
    value = wish.get(field)
    if not isinstance(value, str) or len(value) > longest or (field == "displayName" and not value):
        raise Refusal(400, f"{field} is required and has at most {longest} characters.")
    return value


def _creator(wish: dict[str, Any], key: Key) -> dict[str, int]:
    context = wish.get("creationContext")
    creator = context.get("creator") if isinstance(context, dict) else None
    for field in ("userId", "groupId"):
        value = creator.get(field) if isinstance(creator, dict) else None
        if isinstance(value, int | str) and str(value).isdigit():
            if field == "userId" and int(value) != key.owner_id:
                raise Refusal(403, "The key's owner may not create assets for this creator.")
            return {field: int(value)}
    raise Refusal(400, "creationContext.creator needs a userId or a groupId.")


def _require_content(asset_type: str, content_type: str, stored: StoredFile) -> None:
    if content_type not in CONTENT_TYPES[asset_type]:
        allowed = ", ".join(CONTENT_TYPES[asset_type])
        raise Refusal(400, f"The content type of a {asset_type} is one of {allowed}.")
    signatures = SIGNATURES.get(content_type, (b"",))
    if not stored.size or not stored.head.startswith(signatures):
        raise Refusal(400, "Failed to parse the file.")


def add_version(world: World, asset_id: int, stored: StoredFile) -> None:
    sql = "SELECT coalesce(max(number), 0) + 1 FROM asset_versions WHERE asset_id = ?"
    world.database.run(
        "INSERT INTO asset_versions VALUES (?, ?, ?, ?, ?, ?)",
        asset_id,
        world.database.value(sql, asset_id),
        stored.sha256,
        stored.size,
        quirks.every(world)["moderation"],
        now(),
    )


def _operation(world: World, asset_id: int) -> Response:
    operation_id = str(uuid.uuid4())
    world.database.run(
        "INSERT INTO operations (id, asset_id, polls_left) VALUES (?, ?, ?)",
        operation_id,
        asset_id,
        int(quirks.every(world)["operation_polls"]),
    )
    return JSONResponse({"path": f"operations/{operation_id}", "done": False})


@endpoint(300, "asset:read")
async def get_operation(request: Request, key: Key) -> Response:
    world, operation_id = world_of(request), str(request.path_params["operation_id"])
    operation = world.database.row("SELECT * FROM operations WHERE id = ?", operation_id)
    if operation is None:
        raise Refusal(404, f"Operation {operation_id} does not exist.")
    asset = find_asset(world, operation["asset_id"], key)
    path = f"operations/{operation_id}"
    if operation["polls_left"] > 0:
        sql = "UPDATE operations SET polls_left = polls_left - 1 WHERE id = ?"
        world.database.run(sql, operation_id)
        return JSONResponse({"path": path, "done": False})
    return JSONResponse({"path": path, "done": True, "response": represent(world, asset)})


@endpoint(120, "asset:read")
async def get_asset(request: Request, key: Key) -> Response:
    return JSONResponse(represent(world_of(request), asset_of(request, key)))


def asset_of(request: Request, key: Key) -> dict[str, Any]:
    return find_asset(world_of(request), number(request, "asset_id"), key)


def find_asset(world: World, asset_id: int, key: Key) -> dict[str, Any]:
    """Raises `Refusal` 404, or 403 where the asset is another user's."""
    asset = world.database.row("SELECT * FROM assets WHERE asset_id = ?", asset_id)
    if asset is None:
        raise Refusal(404, f"Asset {asset_id} does not exist.")
    asset["creator"] = json.loads(asset["creator"])
    if asset["creator"].get("userId", key.owner_id) != key.owner_id:
        raise Refusal(403, f"The key's owner may not use asset {asset_id}.")
    return asset


def represent(world: World, asset: dict[str, Any]) -> dict[str, Any]:
    asset_id = asset["asset_id"]
    sql = "SELECT * FROM asset_versions WHERE asset_id = ? ORDER BY number DESC"
    version = world.database.row(sql, asset_id) or {}
    as_string = quirks.is_on(world, "asset_ids_as_strings")
    return {
        "path": f"assets/{asset_id}",
        "assetId": str(asset_id) if as_string else asset_id,
        "assetType": asset["asset_type"],
        "displayName": asset["display_name"],
        "description": asset["description"],
        "creationContext": {"creator": asset["creator"]},
        "revisionId": str(version["number"]),
        "revisionCreateTime": version["created_at"],
        "moderationResult": moderation_result(world, version["moderation"]),
        "state": asset["state"],
    }


def moderation_result(world: World, state: str) -> dict[str, str]:
    long_name = f"MODERATION_STATE_{state.upper()}"
    is_long = quirks.is_on(world, "long_moderation_names")
    return {"moderationState": long_name if is_long else state}
