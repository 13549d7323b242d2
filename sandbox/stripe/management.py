"""What a person or a test may do to the sandbox's Stripe that the API has no call for.

Under /_sandbox/stripe, JSON in and out. Whose account is meant says the key in `key`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.management import is_from_elsewhere
from sandbox.stripe import accounts, deliveries, keys, tax_ids
from sandbox.stripe.endpoint import OK
from sandbox.stripe.errors import StripeError
from sandbox.stripe.pages.rendering import open_store
from sandbox.world import world_of

STATUSES = ("verified", "unverified", "unavailable")
Body = dict[str, Any]
Action = Callable[[Request, Body], Awaitable[Any]]


def action(do: Action) -> Callable[[Request], Awaitable[Response]]:
    async def served(request: Request) -> Response:
        if is_from_elsewhere(request):
            return JSONResponse({"message": "Not from another site."}, status_code=403)
        try:
            body = json.loads(await request.body() or b"{}")
            done, status = await do(request, body), OK
        except StripeError as refusal:
            done, status = {"message": str(refusal)}, refusal.status
        except KeyError as error:
            done, status = {"message": f"{error.args[0]} is missing."}, 422
        except ValueError as error:
            done, status = {"message": str(error)}, 422
        await world_of(request).changes.announce()
        return JSONResponse(done, status_code=status)

    return served


def _account(request: Request, body: Body) -> str:
    return keys.account_of(world_of(request).database, str(body["key"]))


@action
async def roll_key(request: Request, body: Body) -> Body:
    """A new secret key of the same account; with `revoke` the old one is refused from now on."""
    database = world_of(request).database
    made = keys.create(database, _account(request, body))
    if body.get("revoke"):
        keys.revoke(database, str(body["key"]))
    return {"key": made}


@action
async def change_settings(request: Request, body: Body) -> Body:
    """`retry_days`, `after_last_retry`, `upcoming_days`, `draft_seconds`, `payment_methods`."""
    store = open_store(request, _account(request, body))
    wishes = {name: value for name, value in body.items() if name != "key"}
    with store.database.transaction():
        return accounts.change_settings(store, wishes)


@action
async def look_up_tax_ids(request: Request, body: Body) -> Body:
    """The tax office answers `status` (verified, unverified, unavailable) for what is pending of
    `customer`; Stripe waits for it for minutes or days.
    """
    status = str(body["status"])
    if status not in STATUSES:
        raise ValueError(f"status is one of {', '.join(STATUSES)}.")
    store = open_store(request, _account(request, body))
    with store.database.transaction():
        return {"answered": tax_ids.look_up(store, str(body["customer"]), status)}


@action
async def copy(request: Request, body: Body) -> Body:
    """The account of the key `to` gets the `objects` that the one of `key` has, by the same ids."""
    database = world_of(request).database
    source, target = _account(request, body), keys.account_of(database, str(body["to"]))
    with database.transaction():
        return {"objects": accounts.copy(database, source, target)}


@action
async def deliver(request: Request, body: Body) -> Body:
    """All webhooks that wait are tried now; those of `event` are sent again."""
    if body.get("event"):
        return await deliveries.resend(world_of(request), str(body["event"]))
    return await deliveries.hurry(world_of(request))


PATH = "/_sandbox/stripe"
routes = [
    Route(f"{PATH}/keys/roll", roll_key, methods=["POST"]),
    Route(f"{PATH}/copy", copy, methods=["POST"]),
    Route(f"{PATH}/tax-ids", look_up_tax_ids, methods=["POST"]),
    Route(f"{PATH}/settings", change_settings, methods=["POST"]),
    Route(f"{PATH}/deliveries", deliver, methods=["POST"]),
]
