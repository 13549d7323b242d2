"""What a person or a test may do to the sandbox that nobody can do to Roblox.

Under /_sandbox, JSON in and out; a wish that makes no sense answers 422 with a sentence.
A call from another site's page is refused: the browser says where it comes from.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox import faults, snapshot
from sandbox.roblox import experiences, keys, quirks
from sandbox.world import World, world_of

Body = dict[str, Any]
Action = Callable[[World, Request, Body], Any]


def is_from_elsewhere(request: Request) -> bool:
    return request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


def action(do: Action) -> Callable[[Request], Awaitable[Response]]:
    @functools.wraps(do)
    async def served(request: Request) -> Response:
        if is_from_elsewhere(request):
            return JSONResponse({"message": "Not from another site."}, status_code=403)
        try:
            body = await request.json() if await request.body() else {}
            done = do(world_of(request), request, body)
        except LookupError as error:
            return JSONResponse({"message": str(error.args[0])}, status_code=404)
        except (ValueError, TypeError, AttributeError) as error:
            return JSONResponse({"message": str(error)}, status_code=422)
        await world_of(request).changes.announce()
        return JSONResponse(done)

    return served


def create_experience(world: World, name: str, **about_key: Any) -> Body:
    """An experience and a key for it. `about_key`: owner_id, scopes, universe_ids, expires_at."""
    with world.database.transaction():
        owner_id = int(about_key.pop("owner_id", None) or experiences.new_owner(world))
        made = experiences.create(world, name=name, owner_id=owner_id)
        about_key.setdefault("universe_ids", [made["universe_id"]])
        key, text = keys.create(world, name=f"{name} releases", owner_id=owner_id, **about_key)
    return {
        "universe_id": made["universe_id"],
        "staging_place_id": made["places"]["staging"],
        "production_place_id": made["places"]["production"],
        "api_key": text,
        "key_id": key.id,
        "owner_id": owner_id,
    }


@action
def post_experience(world: World, _request: Request, body: Body) -> Body:
    known = ("owner_id", "scopes", "universe_ids", "expires_at")
    about_key = {name: body[name] for name in known if body.get(name)}
    return create_experience(world, str(body.get("name") or "Experience"), **about_key)


@action
def post_key(world: World, _request: Request, body: Body) -> Body:
    known = ("scopes", "universe_ids", "expires_at")
    key, text = keys.create(
        world,
        name=str(body.get("name") or "Key"),
        owner_id=int(body.get("owner_id") or experiences.new_owner(world)),
        **{name: body[name] for name in known if name in body},
    )
    return {"key_id": key.id, "owner_id": key.owner_id, "api_key": text}


def _key_id(world: World, request: Request, body: Body) -> int:
    """A key named by its id in the path, or by its text in the body."""
    text = str(body.get("api_key") or "")
    if text:
        key = keys.find(world, text)
        if key is None:
            raise LookupError("There is no such key.")
        return key.id
    return int(request.path_params.get("key_id") or body["key_id"])


@action
def post_key_change(world: World, request: Request, body: Body) -> Body:
    verb = str(request.path_params["verb"])
    statuses = {"revoke": "revoked", "disable": "disabled", "moderate": "moderated"}
    statuses |= {"enable": "active", "expire": ""}
    if verb not in statuses:
        raise LookupError(f"A key cannot be told to {verb}.")
    key_id = _key_id(world, request, body)
    key = keys.change(world, key_id, status=statuses[verb] or None, expire=verb == "expire")
    return {"key_id": key.id, "status": key.status, "expired": key.expired}


@action
def post_team_create(world: World, request: Request, body: Body) -> Body:
    place_id, opened = int(request.path_params["place_id"]), bool(body.get("open", True))
    experiences.set_team_create(world, place_id, opened=opened)
    return {"place_id": place_id, "open": opened}


@action
def get_faults(world: World, _request: Request, _body: Body) -> list[Body]:
    return faults.every(world)


@action
def post_fault(world: World, _request: Request, body: Body) -> Body:
    return faults.add(world, body)


@action
def delete_faults(world: World, request: Request, _body: Body) -> list[Body]:
    faults.remove(world, request.path_params.get("fault_id"))
    return faults.every(world)


@action
def post_quirks(world: World, _request: Request, body: Body) -> Body:
    return dict(quirks.change(world, body))


@action
def get_state(world: World, _request: Request, _body: Body) -> Body:
    return snapshot.take(world)


@action
def post_reset(world: World, _request: Request, _body: Body) -> Body:
    world.reset()
    return {"status": "empty"}


async def get_file(request: Request) -> Response:
    """An uploaded file, byte for byte."""
    sha256 = str(request.path_params["sha256"])
    path = world_of(request).files.path(sha256)
    if not (sha256.isalnum() and path.is_file()):
        return JSONResponse({"message": "There is no such file."}, status_code=404)
    return FileResponse(path, filename=f"{sha256[:12]}.rbx", media_type="application/octet-stream")


routes = [
    Route("/_sandbox/experiences", post_experience, methods=["POST"]),
    Route("/_sandbox/keys", post_key, methods=["POST"]),
    Route("/_sandbox/keys/{key_id:int}/{verb}", post_key_change, methods=["POST"]),
    Route("/_sandbox/keys/{verb}", post_key_change, methods=["POST"]),
    Route("/_sandbox/places/{place_id:int}/team-create", post_team_create, methods=["POST"]),
    Route("/_sandbox/faults", get_faults, methods=["GET"]),
    Route("/_sandbox/faults", post_fault, methods=["POST"]),
    Route("/_sandbox/faults", delete_faults, methods=["DELETE"]),
    Route("/_sandbox/faults/{fault_id:int}", delete_faults, methods=["DELETE"]),
    Route("/_sandbox/quirks", post_quirks, methods=["POST"]),
    Route("/_sandbox/state", get_state, methods=["GET"]),
    Route("/_sandbox/reset", post_reset, methods=["POST"]),
    Route("/_sandbox/files/{sha256}", get_file, methods=["GET"]),
]
