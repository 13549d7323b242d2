"""Records set by a test or `make up`: under /_sandbox/names, JSON in and out."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from sandbox.management import Body, action
from sandbox.names import records
from sandbox.world import World


@action
def get_records(world: World, request: Request, _body: Body) -> Body:
    """`address` is where the name server listens, as host:port."""
    return {"address": request.app.state.names, "records": records.every(world)}


@action
def post_record(world: World, _request: Request, body: Body) -> Body:
    return records.publish(world, *(str(body.get(k) or "") for k in ("name", "kind", "value")))


@action
def delete_records(world: World, request: Request, _body: Body) -> list[dict[str, Any]]:
    records.withdraw(world, request.path_params.get("record_id"))
    return records.every(world)


routes = [
    Route("/_sandbox/names/records", get_records, methods=["GET"]),
    Route("/_sandbox/names/records", post_record, methods=["POST"]),
    Route("/_sandbox/names/records", delete_records, methods=["DELETE"]),
    Route("/_sandbox/names/records/{record_id:int}", delete_records, methods=["DELETE"]),
]
