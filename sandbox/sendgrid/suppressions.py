"""Addresses that SendGrid sends nothing to any more.

https://www.twilio.com/docs/sendgrid/api-reference/bounces-api and its neighbours
"""

from __future__ import annotations

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.sendgrid.endpoint import endpoint
from sandbox.sendgrid.errors import Refusal
from sandbox.world import World

# Per list: the event that puts an address on it, and what a mail to it is dropped with. Blocks pass
# by themselves, so that mail to those is tried again.
LISTS = {
    "bounces": ("bounce", "Bounced Address"),
    "blocks": ("blocked", ""),
    "spam_reports": ("spamreport", "Spam Reporting Address"),
    "invalid_emails": ("invalid", "Invalid"),
    "unsubscribes": ("unsubscribe", "Unsubscribed Address"),
}


def note(world: World, event: str, email: str, reason: str = "") -> None:
    """Put the address on the list that an event means, if it means one."""
    for name, (kind, _) in LISTS.items():
        if kind == event:
            world.database.run(
                "INSERT OR REPLACE INTO sendgrid_suppressions VALUES (?, ?, ?, ?, ?)",
                name, email.lower(), reason, reason[4:9].strip(), int(time.time()),
            )  # fmt: skip


def reason_for(world: World, email: str) -> str:
    """Why a mail to the address is dropped, or ""."""
    sql = "SELECT list FROM sendgrid_suppressions WHERE email = ?"
    found = [LISTS[row["list"]][1] for row in world.database.rows(sql, email.lower())]
    return next((reason for reason in found if reason), "")


def every(world: World) -> list[dict[str, Any]]:
    sql = "SELECT * FROM sendgrid_suppressions ORDER BY created DESC, email"
    return world.database.rows(sql)


def remove(world: World, name: str, email: str) -> bool:
    """Whether it was there."""
    where = "FROM sendgrid_suppressions WHERE list = ? AND email = ?"
    count = world.database.value(f"SELECT count(*) {where}", name, email.lower())
    world.database.run(f"DELETE {where}", name, email.lower())
    return bool(count)


@endpoint("suppression")
async def get_list(world: World, request: Request) -> Response:
    sql = "SELECT created, email, reason, status FROM sendgrid_suppressions WHERE list = ?"
    return JSONResponse(world.database.rows(sql, _list(request)))


@endpoint("suppression")
async def get_one(world: World, request: Request) -> Response:
    sql = "SELECT created, email, reason, status FROM sendgrid_suppressions WHERE list = ? "
    email = request.path_params["email"].lower()
    return JSONResponse(world.database.rows(sql + "AND email = ?", _list(request), email))


@endpoint("suppression")
async def delete_one(world: World, request: Request) -> Response:
    if not remove(world, _list(request), request.path_params["email"]):
        raise Refusal(404, ("not found", None))
    return Response(status_code=204)


def _list(request: Request) -> str:
    name = str(request.path_params.get("list", "unsubscribes"))
    if name not in LISTS:
        raise Refusal(404, ("not found", None))
    return name
