"""What a test or `make up` may do to the stand-in: under /_sandbox/sendgrid, JSON in and out."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from sandbox.management import Body, action
from sandbox.sendgrid import account, outcomes, sending, suppressions
from sandbox.world import World


@action
def connect(world: World, _request: Request, body: Body) -> Body:
    """Set an account up for a product: a key, its own sender domain, and where events go."""
    account.change(world, {name: str(body.get(name) or "") for name in ("webhook_url", "domain")})
    key = account.create_key(world, name=str(body.get("name") or "Product"),
                             scopes=body.get("scopes"))  # fmt: skip
    return {"api_key": key, "webhook_key": account.public_key(world)}


@action
def change(world: World, _request: Request, body: Body) -> Body:
    return dict(account.change(world, body))


@action
def get_mails(world: World, _request: Request, _body: Body) -> list[dict[str, Any]]:
    return sending.every(world)


@action
def get_suppressions(world: World, _request: Request, _body: Body) -> list[dict[str, Any]]:
    return suppressions.every(world)


@action
def post_event(world: World, request: Request, _body: Body) -> Body:
    """Something that happens to a mail afterwards."""
    return happen(world, int(request.path_params["mail_id"]), str(request.path_params["kind"]))


def happen(world: World, mail_id: int, kind: str) -> Body:
    """Raises `LookupError`."""
    if kind not in outcomes.BY_HAND:
        raise LookupError(f"There is no {kind}; there are {', '.join(outcomes.BY_HAND)}.")
    mail = sending.find(world, mail_id)
    outcomes.record(world, mail, kind)
    return {"mail": mail["id"], "event": kind}


ROOT = "/_sandbox/sendgrid"
routes = [
    Route(f"{ROOT}/connect", connect, methods=["POST"]),
    Route(f"{ROOT}/settings", change, methods=["POST"]),
    Route(f"{ROOT}/mails", get_mails, methods=["GET"]),
    Route(f"{ROOT}/suppressions", get_suppressions, methods=["GET"]),
    Route(f"{ROOT}/mails/{{mail_id:int}}/{{kind}}", post_event, methods=["POST"]),
]
