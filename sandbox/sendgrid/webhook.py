"""The event webhook, signed as SendGrid signs it.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
What is not taken with a 2xx is sent again, later each time, for a day.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.sendgrid import account
from sandbox.world import World

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
BATCH = 1000
LONGEST_WAIT = 300.0
PATIENCE = 10.0
GIVEN_UP_AFTER = 24 * 60 * 60
WAITING = "FROM sendgrid_events WHERE NOT is_taken"


def sign(world: World, timestamp: str, body: bytes) -> str:
    signed = account.private_key(world).sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return base64.b64encode(signed).decode()


@contextlib.asynccontextmanager
async def reporting(world: World) -> AsyncIterator[None]:
    """Post what is due for as long as the context lasts."""
    task = asyncio.create_task(_report(world))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _report(world: World) -> None:
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False, verify=False) as client:  # noqa: S501
        while True:
            revision = world.changes.revision
            if await post_due(world, client):
                await world.changes.announce()
                continue
            await world.changes.after(revision, patience=_pause(world))


async def post_due(world: World, client: httpx.AsyncClient) -> bool:
    """One batch; whether there was any."""
    url = account.setting(world, "webhook_url")
    sql = f"SELECT id, body, attempts {WAITING} AND due_at <= ? ORDER BY due_at, id LIMIT {BATCH}"
    due = world.database.rows(sql, time.time()) if url else []
    if not due:
        return False
    answer, is_taken = await _post(world, client, url, [json.loads(row["body"]) for row in due])
    for row in due:
        wait = min(2.0 ** row["attempts"], LONGEST_WAIT)
        world.database.run(
            "UPDATE sendgrid_events SET attempts = attempts + 1, answer = ?, is_taken = ?, "
            "due_at = ? WHERE id = ?",
            answer, is_taken, time.time() + (0 if is_taken else wait), row["id"],
        )  # fmt: skip
    return True


async def _post(
    world: World, client: httpx.AsyncClient, url: str, events: list[dict[str, Any]]
) -> tuple[str, bool]:
    body, timestamp = json.dumps(events).encode(), str(int(time.time()))
    headers = {
        "content-type": "application/json",
        "user-agent": "SendGrid Event API",
        SIGNATURE: sign(world, timestamp, body),
        TIMESTAMP: timestamp,
    }
    try:
        answer = await client.post(url, content=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return type(error).__name__, False
    return str(answer.status_code), answer.is_success


def _pause(world: World) -> float:
    """Seconds until the next is due."""
    sql = f"SELECT min(due_at) {WAITING} AND due_at > ?"
    due = world.database.value(sql, time.time() - GIVEN_UP_AFTER)
    return max(0.05, min(due - time.time(), 60.0)) if due else 60.0
