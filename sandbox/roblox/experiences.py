"""Universes and their places, and what may be asked of a universe as a whole.

https://create.roblox.com/docs/cloud/reference/Universe and …/reference/Place
"""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.database import now
from sandbox.roblox.endpoint import endpoint, number
from sandbox.roblox.errors import Refusal
from sandbox.roblox.keys import Key
from sandbox.world import World, world_of

FIRST_OWNER = 4_200_000_001
FIRST_UNIVERSE = 7_310_000_001
FIRST_ASSET = 90_120_000_000_001  # places are assets: one series numbers both
LONGEST_TOPIC = 80
LONGEST_MESSAGE = 1024
LONGEST_BLEED_OFF = 60


def new_owner(world: World) -> int:
    """A Roblox user nobody else is: limits are counted per owner."""
    return world.database.next_number("owner", first=FIRST_OWNER)


def create(world: World, *, name: str, owner_id: int) -> dict[str, Any]:
    """An experience with two empty places: `{universe_id, places: {staging, production}}`."""
    moment = now()
    universe_id = world.database.next_number("universe", first=FIRST_UNIVERSE)
    world.database.run(
        "INSERT INTO experiences VALUES (?, ?, ?, ?, ?)",
        universe_id,
        name,
        owner_id,
        moment,
        moment,
    )
    production = _create_place(world, universe_id, name, root=True)
    staging = _create_place(world, universe_id, f"{name} (staging)", root=False)
    return {"universe_id": universe_id, "places": {"staging": staging, "production": production}}


def _create_place(world: World, universe_id: int, name: str, *, root: bool) -> int:
    place_id = world.database.next_number("asset", first=FIRST_ASSET)
    world.database.run(
        "INSERT INTO places (place_id, universe_id, name, root, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        place_id,
        universe_id,
        name,
        root,
        now(),
        now(),
    )
    return place_id


def set_team_create(world: World, place_id: int, *, opened: bool) -> None:
    """Open or close a Team Create session. Raises `LookupError`."""
    if world.database.row("SELECT 1 FROM places WHERE place_id = ?", place_id) is None:
        raise LookupError(f"There is no place {place_id}.")
    world.database.run(
        "UPDATE places SET team_create_open = ? WHERE place_id = ?", opened, place_id
    )


def universe_of(request: Request, key: Key) -> dict[str, Any]:
    """The universe in the path. Raises `Refusal` 404, or 403 where it is another user's."""
    universe_id = number(request, "universe_id")
    sql = "SELECT * FROM experiences WHERE universe_id = ?"
    universe = world_of(request).database.row(sql, universe_id)
    if universe is None:
        raise Refusal(404, f"Universe {universe_id} does not exist.")
    if universe["owner_id"] != key.owner_id:
        raise Refusal(403, f"The key's owner may not manage universe {universe_id}.")
    return universe


@endpoint(100)
async def get_universe(request: Request, key: Key) -> Response:
    universe = universe_of(request, key)
    return JSONResponse(
        {
            "path": f"universes/{universe['universe_id']}",
            "createTime": universe["created_at"],
            "updateTime": universe["updated_at"],
            "displayName": universe["name"],
            "description": "",
            "user": f"users/{universe['owner_id']}",
            "visibility": "PRIVATE",
            "voiceChatEnabled": False,
            "ageRating": "AGE_RATING_UNSPECIFIED",
        }
    )


@endpoint(100)
async def get_place(request: Request, key: Key) -> Response:
    universe_of(request, key)
    place_id = number(request, "place_id")
    place = world_of(request).database.row(
        "SELECT * FROM places WHERE place_id = ? AND universe_id = ?",
        place_id,
        number(request, "universe_id"),
    )
    if place is None:
        raise Refusal(404, f"Place {place_id} does not exist in this universe.")
    return JSONResponse(
        {
            "path": f"universes/{place['universe_id']}/places/{place_id}",
            "createTime": place["created_at"],
            "updateTime": place["updated_at"],
            "displayName": place["name"],
            "description": "",
            "serverSize": 50,
            "root": bool(place["root"]),
            "universeRuntimeCreation": False,
        }
    )


async def json_object(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError as error:
        raise Refusal(400, "The request body is not valid JSON.") from error
    if not isinstance(body, dict):
        raise Refusal(400, "The request body must be a JSON object.")
    return body


@endpoint(30, "universe:write")
async def restart_servers(request: Request, key: Key) -> Response:
    universe = universe_of(request, key)
    body = await json_object(request)
    world = world_of(request)
    place_ids = _place_ids(world, universe["universe_id"], body.get("placeIds") or [])
    world.database.run(
        "INSERT INTO restarts (universe_id, place_ids, close_all, bleed_off_minutes, created_at) "
        "VALUES (?, ?, ?, ?, ?)",
        universe["universe_id"],
        json.dumps(place_ids),
        _flag(body, "closeAllVersions"),
        _bleed_off(body),
        now(),
    )
    return JSONResponse({})


def _place_ids(world: World, universe_id: int, wanted: Any) -> list[int]:
    sql = "SELECT place_id FROM places WHERE universe_id = ?"
    own = {row["place_id"] for row in world.database.rows(sql, universe_id)}
    try:
        found = [int(place_id) for place_id in wanted]
    except (TypeError, ValueError) as error:
        raise Refusal(400, "placeIds must be a list of place ids.") from error
    if strangers := [place_id for place_id in found if place_id not in own]:
        raise Refusal(400, f"Place {strangers[0]} is not part of universe {universe_id}.")
    return found


def _flag(body: dict[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise Refusal(400, f"{name} must be true or false.")
    return value


def _bleed_off(body: dict[str, Any]) -> int | None:
    if not _flag(body, "bleedOffServers"):
        return None
    minutes = body.get("bleedOffDurationMinutes", 10)
    if not isinstance(minutes, int) or not 1 <= minutes <= LONGEST_BLEED_OFF:
        raise Refusal(400, "bleedOffDurationMinutes must be between 1 and 60.")
    return minutes


@endpoint(5000, "universe-messaging-service:publish")
async def publish_message(request: Request, key: Key) -> Response:
    universe = universe_of(request, key)
    body = await json_object(request)
    topic, message = body.get("topic"), body.get("message")
    if not isinstance(topic, str) or not 0 < len(topic) <= LONGEST_TOPIC:
        raise Refusal(400, "topic must have 1 to 80 characters.")
    if not isinstance(message, str) or not 0 < len(message.encode()) <= LONGEST_MESSAGE:
        raise Refusal(400, "message must have 1 to 1024 bytes.")
    world_of(request).database.run(
        "INSERT INTO messages (universe_id, topic, message, created_at) VALUES (?, ?, ?, ?)",
        universe["universe_id"],
        topic,
        message,
        now(),
    )
    return JSONResponse({})
