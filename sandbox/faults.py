"""Faults on order: what a vendor does on a bad day, exactly when a test or a person asks.

A fault has a `match` ("POST /universes/v1/*", `*` crosses slashes) and one of the kinds
  status      answer `status` (500) in the form the endpoint uses for its errors
  rate_limit  answer 429 with `retry_after` seconds
  hang        keep silent for `seconds`, then go on
  drop        close the connection without an answer
`taken` says whether the request still has its effect; by default only a dropped one has.
A fault serves `times` requests (1) and is gone; 0 keeps it until it is deleted.
"""

from __future__ import annotations

import asyncio
import fnmatch
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.database import now
from sandbox.request_log import is_vendor_call
from sandbox.roblox.errors import Form, Refusal, form_for
from sandbox.sendgrid.errors import injected
from sandbox.world import World

KINDS = ("status", "rate_limit", "hang", "drop")
LONGEST_HANG = 600.0


@dataclass(frozen=True)
class Fault:
    kind: str
    status: int
    seconds: float
    retry_after: int | None
    taken: bool


def add(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    """Store a fault. Raises `ValueError` with a sentence when the wish makes no sense."""
    kind = wish.get("kind", "status")
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    retry_after = wish.get("retry_after")
    fault_id = world.database.run(
        "INSERT INTO faults (pattern, kind, status, seconds, retry_after, taken, times, "
        "created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        str(wish.get("match") or "*"),
        kind,
        _number(wish, "status", 429 if kind == "rate_limit" else 500, low=400, high=599),
        _number(wish, "seconds", 30, low=0, high=LONGEST_HANG),
        None if retry_after is None else _number(wish, "retry_after", 1, low=0, high=3600),
        bool(wish.get("taken", kind == "drop")),
        _number(wish, "times", 1, low=0, high=10_000),
        now(),
    )
    return world.database.row("SELECT * FROM faults WHERE id = ?", fault_id) or {}


def _number(wish: dict[str, Any], name: str, default: float, *, low: float, high: float) -> float:
    value = wish.get(name, default)
    number = float(value) if isinstance(value, int | float | str) and value != "" else default
    if not low <= number <= high:
        raise ValueError(f"{name} must be between {low:g} and {high:g}")
    return int(number) if number == int(number) else number


def every(world: World) -> list[dict[str, Any]]:
    return world.database.rows("SELECT * FROM faults ORDER BY id")


def remove(world: World, fault_id: int | None = None) -> None:
    """Delete one fault, or all of them."""
    if fault_id is None:
        world.database.run("DELETE FROM faults")
    else:
        world.database.run("DELETE FROM faults WHERE id = ?", fault_id)


def take(world: World, method: str, path: str) -> Fault | None:
    """The first fault that matches, using up one of its times."""
    for row in every(world):
        if not fnmatch.fnmatchcase(f"{method} {path}", _with_method(row["pattern"])):
            continue
        if row["times"] == 1:
            remove(world, row["id"])
        elif row["times"]:
            world.database.run("UPDATE faults SET times = times - 1 WHERE id = ?", row["id"])
        return Fault(
            row["kind"], row["status"], row["seconds"], row["retry_after"], bool(row["taken"])
        )
    return None


def _with_method(pattern: str) -> str:
    return pattern if " " in pattern else f"* {pattern}"


class Faults:
    """Serves a matching fault instead of, or around, the real answer."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self.app, self.world = app, world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = None
        if is_vendor_call(scope):
            fault = take(self.world, scope["method"], scope["path"])
        if fault is None:
            await self.app(scope, receive, send)
            return
        scope["sandbox.fault"] = fault.kind
        await getattr(self, f"_{fault.kind}")(fault, scope, receive, send)

    async def _status(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.taken:
            scope["sandbox.broke"] = fault.status
            await self._answer(scope, receive)
        else:
            await _read_body(receive)
        if scope["path"].startswith("/v3/"):
            await injected(fault.status, fault.retry_after)(scope, receive, send)
            return
        wait = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
        form = Form.GATEWAY if fault.status == 429 else None  # noqa: PLR2004
        refusal = Refusal(fault.status, "An injected fault.", form=form, headers=wait)
        await refusal.as_response(form_for(scope["path"]))(scope, receive, send)

    _rate_limit = _status

    async def _hang(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read_body(receive)
        answer = await self._answer(scope, _replaying(body)) if fault.taken else None
        if await _hung_up(receive, fault.seconds):
            return
        if answer is None:
            await self.app(scope, _replaying(body), send)
        for message in answer or []:
            await send(message)

    async def _drop(self, fault: Fault, scope: Scope, receive: Receive, _send: Send) -> None:
        if fault.taken:
            await self._answer(scope, receive)
        scope["state"]["drop"]()
        while (await receive())["type"] != "http.disconnect":
            pass

    async def _answer(self, scope: Scope, receive: Receive) -> list[Message]:
        """Let the request have its effect and keep the answer back."""
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        await self.app(scope, receive, keep)
        return kept


async def _read_body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _replaying(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _hung_up(receive: Receive, seconds: float) -> bool:
    """Wait; True as soon as the client has given up."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True
