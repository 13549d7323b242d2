"""Webhooks on their way: signed, tried again, never in a promised order.

https://docs.stripe.com/webhooks#verify-official-libraries, #retries. In a test account Stripe
tries three times over a few hours, in a live one for three days; here the pauses are declared,
and `POST /_sandbox/stripe/deliveries` ends them all at once.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from typing import Any

import httpx

from sandbox.database import Database
from sandbox.stripe import events
from sandbox.world import World

RETRY_SECONDS = (1, 5, 30, 300, 1_800, 7_200, 18_000, 36_000, 86_400, 86_400)
PATIENCE = 10.0
AT_ONCE = 8
LONGEST_SLEEP = 30.0
DELIVERED = range(200, 300)


def signature(secret: str, payload: str, timestamp: int) -> str:
    """The `Stripe-Signature` of a payload, which is signed together with the time."""
    signed = f"{timestamp}.{payload}".encode()
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


async def keep_delivering(world: World) -> None:
    """Until cancelled. Woken by `world.stripe_deliveries`, and when a retry is due."""
    while True:
        world.stripe_deliveries.clear()
        await deliver_due(world)
        try:
            async with asyncio.timeout(_pause(world.database)):
                await world.stripe_deliveries.wait()
        except TimeoutError:
            continue


def _client() -> httpx.AsyncClient:
    # Certificates of development machines are their own; what is sent is signed.
    return httpx.AsyncClient(
        timeout=PATIENCE,
        trust_env=False,
        verify=False,  # noqa: S501
    )


async def deliver_due(world: World) -> None:
    """Everything that is due, a few at once and in no promised order."""
    async with world.stripe_delivering:
        if not _due(world.database):  # as after nearly every request: no client is made for it
            return
        async with _client() as client:
            while due := _due(world.database):
                await asyncio.gather(*(_deliver(world.database, client, row) for row in due))


def _due(database: Database) -> list[dict[str, Any]]:
    sql = (
        "SELECT * FROM stripe_deliveries WHERE status = 'pending' AND due <= ? "
        "ORDER BY due, id LIMIT ?"
    )
    return database.rows(sql, time.time(), AT_ONCE)


def _pause(database: Database) -> float:
    sql = "SELECT min(due) FROM stripe_deliveries WHERE status = 'pending'"
    earliest = database.value(sql)
    if earliest is None:
        return LONGEST_SLEEP
    return float(min(max(earliest - time.time(), 0.01), LONGEST_SLEEP))


async def _deliver(database: Database, client: httpx.AsyncClient, row: dict[str, Any]) -> None:
    endpoint, event = (_document(database, row[name]) for name in ("endpoint", "event"))
    if endpoint is None or event is None or endpoint.get("deleted"):
        _note(database, row, status="dropped", code=0)
        return
    payload, now = events.payload(event), int(time.time())
    headers = {
        "content-type": "application/json; charset=utf-8",
        "stripe-signature": signature(endpoint["_secret"], payload, now),
        "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    try:
        answer = await client.post(endpoint["url"], content=payload, headers=headers)
        code = answer.status_code
    except httpx.HTTPError:
        code = 0
    is_last = row["attempt"] >= len(RETRY_SECONDS)
    status = "delivered" if code in DELIVERED else "failed" if is_last else "pending"
    _note(database, row, status=status, code=code)


def _document(database: Database, object_id: str) -> dict[str, Any] | None:
    text = database.value("SELECT body FROM stripe_objects WHERE id = ?", object_id)
    return json.loads(text) if text else None


def _note(database: Database, row: dict[str, Any], *, status: str, code: int) -> None:
    pause = RETRY_SECONDS[min(row["attempt"], len(RETRY_SECONDS) - 1)]
    database.run(
        "UPDATE stripe_deliveries SET status = ?, response = ?, attempt = attempt + 1, due = ? "
        "WHERE id = ?",
        *(status, code, time.time() + pause, row["id"]),
    )


async def hurry(world: World) -> dict[str, int]:
    """Try everything that waits, now, and what had failed for good anew; then how it stands."""
    sql = "UPDATE stripe_deliveries SET due = ?, status = 'pending' WHERE status <> 'delivered'"
    world.database.run(sql, time.time())
    await deliver_due(world)
    counted = "SELECT status, count(*) AS count FROM stripe_deliveries GROUP BY status"
    return {row["status"]: row["count"] for row in world.database.rows(counted)}


async def resend(world: World, event_id: str) -> dict[str, int]:
    """Once more to every endpoint it went to: a duplicate, as Stripe's dashboard makes one."""
    sql = "UPDATE stripe_deliveries SET due = ?, status = 'pending', attempt = 0 WHERE event = ?"
    world.database.run(sql, time.time(), event_id)
    await deliver_due(world)
    counted = "SELECT count(*) FROM stripe_deliveries WHERE event = ?"
    return {"sent": int(world.database.value(counted, event_id))}
