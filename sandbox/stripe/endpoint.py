"""What every call of the API goes through: key, parameters, idempotency, one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.stripe import API_VERSION, answers, expansion, forms, identifiers, keys, shapes
from sandbox.stripe.answers import Document
from sandbox.stripe.errors import StripeError
from sandbox.stripe.store import Store
from sandbox.world import World, world_of

OK = 200
BROKE = StripeError("An injected fault.", kind="api_error")


@dataclass(frozen=True)
class Call:
    """One request, its parameters already values of the right kinds."""

    store: Store
    params: dict[str, Any]
    ids: dict[str, str]
    path: str
    expand: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.ids["id"]


Handler = Callable[[Call], Document]
Reader = Callable[[Request], Awaitable[str]]


async def _text_of(request: Request) -> str:
    return (await request.body()).decode()


@dataclass(frozen=True)
class Endpoint:
    """`shape` names a TypedDict of the SDK: `CustomerCreateParams`. `text` reads the body as a
    form's text.
    """

    method: str
    path: str
    shape: str
    handler: Handler
    text: Reader = _text_of

    def route(self) -> Route:
        return Route(self.path, self._served(), methods=[self.method])

    def _served(self) -> Callable[[Request], Awaitable[Response]]:
        async def served(request: Request) -> Response:
            text = await self.text(request)
            world = world_of(request)
            world.address = str(request.base_url).rstrip("/")
            response = respond(self, world, request, text)
            world.stripe_deliveries.set()
            return response

        return served


def respond(endpoint: Endpoint, world: World, request: Request, text: str) -> Response:
    request_id = identifiers.new("req", 14)
    idempotency_key = request.headers.get("idempotency-key") if request.method == "POST" else None
    headers = {"request-id": request_id, "stripe-version": _version(request)}
    try:
        account = keys.authenticate(request, world.database)
        about = {"id": request_id, "idempotency_key": idempotency_key}
        store = Store(world.database, account, world.address, about)
        status, body = _once(endpoint, store, request, text, headers)
    except StripeError as refusal:
        status, body = refusal.status, _refused(refusal, request_id)
    if idempotency_key:
        headers["idempotency-key"] = idempotency_key
    return Response(body, status, headers, "application/json")


def _version(request: Request) -> str:
    return request.headers.get("stripe-version", API_VERSION)


def _refused(refusal: StripeError, request_id: str) -> str:
    return json.dumps({"error": refusal.body | {"request_log_url": _log(request_id)}}, indent=2)


def _log(request_id: str) -> str:
    return f"https://dashboard.stripe.com/test/logs/{request_id}"


def _once(
    endpoint: Endpoint, store: Store, request: Request, text: str, headers: dict[str, str]
) -> tuple[int, str]:
    """The answer; of a key that came before, the answer it had then.

    https://docs.stripe.com/api/idempotent_requests: what is refused before it began is not kept,
    that Stripe broke in the middle of it is.
    """
    key = store.request["idempotency_key"]
    fingerprint = hashlib.sha256(f"{request.method} {request.url.path} {text}".encode()).hexdigest()
    sql = "SELECT * FROM stripe_replies WHERE account = ? AND key = ?"
    earlier = store.database.row(sql, store.account, key) if key else None
    if earlier and earlier["fingerprint"] != fingerprint:
        raise StripeError(
            "Keys for idempotent requests can only be used with the same parameters they were "
            f"first used with. Try using a key other than '{key}' if you meant to execute a "
            "different request.",
            kind="idempotency_error",
        )
    if earlier:
        headers["idempotent-replayed"] = "true"
        headers["original-request"] = earlier["request_id"]
        return int(earlier["status"]), str(earlier["body"])
    with store.database.transaction():
        status, body = _carry_out(endpoint, store, request, text)
        if broke := request.scope.get("sandbox.broke"):
            status, body = broke, _refused(BROKE, store.request["id"])
        if key:
            store.database.run(
                "INSERT INTO stripe_replies VALUES (?, ?, ?, ?, ?, ?)",
                *(store.account, key, fingerprint, store.request["id"], status, body),
            )
    return status, body


def _carry_out(endpoint: Endpoint, store: Store, request: Request, text: str) -> tuple[int, str]:
    form = forms.parse(text if request.method == "POST" else request.url.query)
    params = shapes.read(form, shapes.shape_named(endpoint.shape))
    expand = params.pop("expand", [])
    ids = {name: str(value) for name, value in request.path_params.items()}
    try:
        done = endpoint.handler(Call(store, params, ids, request.url.path, expand))
        done = expansion.expand(store, done, expand)
    except StripeError as refusal:
        if not refusal.keeps:
            raise
        return refusal.status, _refused(refusal, store.request["id"])
    shown = answers.public(done | {"_whole": True})
    return OK, json.dumps(shown, indent=2)
