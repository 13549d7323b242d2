"""All that "Roblox" holds now, as one JSON-ready picture for pages and tests."""

from __future__ import annotations

import json
from typing import Any

from sandbox import faults, request_log
from sandbox.roblox import keys, quirks
from sandbox.world import World

Found = dict[str, Any]


def take(world: World) -> Found:
    """Experiences with places, versions (newest first) and restarts; keys; faults; requests."""
    return {
        "experiences": [_experience(world, row) for row in _newest_experiences(world)],
        "assets": world.database.rows(
            "SELECT a.*, (SELECT max(number) FROM asset_versions v WHERE v.asset_id = a.asset_id) "
            "AS version FROM assets a ORDER BY asset_id DESC"
        ),
        "keys": [_key(key) for key in keys.every(world)],
        "faults": faults.every(world),
        "quirks": quirks.every(world),
        "requests": request_log.recent(world),
        "revision": world.changes.revision,
    }


def _newest_experiences(world: World) -> list[Found]:
    return world.database.rows("SELECT * FROM experiences ORDER BY universe_id DESC")


def _experience(world: World, experience: Found) -> Found:
    universe_id = experience["universe_id"]
    places = world.database.rows(
        "SELECT * FROM places WHERE universe_id = ? ORDER BY root, place_id", universe_id
    )
    restarts = world.database.rows(
        "SELECT * FROM restarts WHERE universe_id = ? ORDER BY id DESC", universe_id
    )
    messages = world.database.rows(
        "SELECT * FROM messages WHERE universe_id = ? ORDER BY id DESC", universe_id
    )
    for restart in restarts:
        restart["place_ids"] = json.loads(restart["place_ids"])
    return {
        **experience,
        "places": [_place(world, place) for place in places],
        "restarts": restarts,
        "messages": messages,
    }


def _place(world: World, place: Found) -> Found:
    sql = "SELECT * FROM place_versions WHERE place_id = ? ORDER BY number DESC"
    versions = world.database.rows(sql, place["place_id"])
    live = next((found for found in versions if found["version_type"] == "Published"), None)
    return {
        **place,
        "root": bool(place["root"]),
        "team_create_open": bool(place["team_create_open"]),
        "live": live,
        "versions": versions,
    }


def _key(key: keys.Key) -> Found:
    return {
        "id": key.id,
        "name": key.name,
        "owner_id": key.owner_id,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "status": "expired" if key.status == "active" and key.expired else key.status,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "used_at": key.used_at,
    }
