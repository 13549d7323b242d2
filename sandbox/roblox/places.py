"""Publishing a place.

https://create.roblox.com/docs/cloud/reference/Place and the guide "Place publishing": the
file is the body; binary files are application/octet-stream, XML ones application/xml.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.database import now
from sandbox.roblox.endpoint import endpoint, number
from sandbox.roblox.errors import Form, Refusal
from sandbox.roblox.experiences import universe_of
from sandbox.roblox.keys import Key
from sandbox.world import StoredFile, TooLarge, World, world_of

LARGEST = 100 * 1024 * 1024
BINARY, XML = "application/octet-stream", "application/xml"
BINARY_SIGNATURE = b"<roblox!\x89\xff\r\n\x1a\n"
VERSION_TYPES = ("Saved", "Published")


@endpoint(30, "universe-places:write")
async def publish_place(request: Request, key: Key) -> Response:
    universe = universe_of(request, key)
    place = _place_of(request, universe["universe_id"])
    version_type = _version_type(request)
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    stored = await _stored(request)
    _require_place_file(content_type, stored)
    version = _add_version(world_of(request), place, version_type, content_type, stored, key)
    return PlainTextResponse(f'{{"versionNumber":{version}}}')


def _place_of(request: Request, universe_id: int) -> dict[str, Any]:
    place_id = number(request, "place_id")
    sql = "SELECT * FROM places WHERE place_id = ?"
    place = world_of(request).database.row(sql, place_id)
    if place is None:
        raise Refusal(404, f"Place {place_id} does not exist.")
    if place["universe_id"] != universe_id:
        raise Refusal(409, f"Place {place_id} is not part of universe {universe_id}.")
    if place["team_create_open"]:
        raise Refusal(409, "The place is being edited in an open Team Create session.")
    return place


def _version_type(request: Request) -> str:
    version_type = request.query_params.get("versionType", "Saved")
    if version_type not in VERSION_TYPES:
        message = f"The value '{version_type}' is not valid."
        raise Refusal(400, message, fields={"versionType": [message]})
    return version_type


async def _stored(request: Request) -> StoredFile:
    try:
        return await world_of(request).files.store(request.stream(), limit=LARGEST)
    except TooLarge as error:
        raise Refusal(413, "The place file is larger than 100 MB.", form=Form.GATEWAY) from error


def _require_place_file(content_type: str, stored: StoredFile) -> None:
    if content_type not in (BINARY, XML):
        raise Refusal(400, f"Content-Type must be {BINARY} or {XML}.")
    is_binary = stored.head.startswith(BINARY_SIGNATURE)
    is_xml = stored.head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(
        (b"<roblox ", b"<roblox>", b"<?xml")
    )
    if not (is_binary if content_type == BINARY else is_xml):
        raise Refusal(400, "Invalid file content.")


def _add_version(
    world: World,
    place: dict[str, Any],
    version_type: str,
    content_type: str,
    stored: StoredFile,
    key: Key,
) -> int:
    place_id, moment = place["place_id"], now()
    with world.database.transaction():
        sql = "SELECT coalesce(max(number), 0) + 1 FROM place_versions WHERE place_id = ?"
        number_ = int(world.database.value(sql, place_id))
        world.database.run(
            "INSERT INTO place_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            place_id,
            number_,
            version_type,
            content_type,
            stored.sha256,
            stored.size,
            key.prefix,
            moment,
        )
        world.database.run("UPDATE places SET updated_at = ? WHERE place_id = ?", moment, place_id)
        world.database.run(
            "UPDATE experiences SET updated_at = ? WHERE universe_id = ?",
            moment,
            place["universe_id"],
        )
    return number_
