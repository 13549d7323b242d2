"""`POST /v3/mail/send`: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send"""

from __future__ import annotations

import json
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.database import now
from sandbox.sendgrid import domains, outcomes
from sandbox.sendgrid.endpoint import body_of, endpoint
from sandbox.sendgrid.errors import Refusal
from sandbox.sendgrid.validation import problems
from sandbox.world import World

LARGEST = 30 * 1024 * 1024
UNVERIFIED = (
    "The from address does not match a verified Sender Identity. Mail cannot be sent until this "
    "error is resolved. Visit https://sendgrid.com/docs/for-developers/sending-email/"
    "sender-identity/ to see the Sender Identity requirements"
)


@endpoint("mail.send", per_minute=600_000)
async def send(world: World, request: Request) -> Response:
    if len(await request.body()) > LARGEST:
        raise Refusal(
            413, ("The JSON payload you have included in your request is too large.", None)
        )
    body = await body_of(request)
    if wrong := problems(body):
        raise Refusal(400, *wrong)
    if not domains.may_send_from(world, body["from"]["email"]):
        raise Refusal(403, (UNVERIFIED, "from"))
    if (body.get("mail_settings") or {}).get("sandbox_mode", {}).get("enable"):
        return Response(status_code=200)
    message_id = secrets.token_urlsafe(16)
    with world.database.transaction():
        for one in body["personalizations"]:
            for person in [*one["to"], *(one.get("cc") or []), *(one.get("bcc") or [])]:
                outcomes.happen(world, _keep(world, message_id, body, one, person))
    return Response(status_code=202, headers={"x-message-id": message_id})


def _keep(
    world: World, message_id: str, body: dict[str, Any], one: dict[str, Any], person: dict[str, Any]
) -> dict[str, Any]:
    parts = {part["type"]: part["value"] for part in body["content"]}
    arguments = {**(body.get("custom_args") or {}), **(one.get("custom_args") or {})}
    headers = {**(body.get("headers") or {}), **(one.get("headers") or {})}
    mail_id = world.database.run(
        "INSERT INTO sendgrid_mails (message_id, sender, recipient, subject, text, html, headers, "
        "categories, custom_args, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        message_id, _shown(body["from"]), person["email"], one.get("subject") or body["subject"],
        parts.get("text/plain", ""), parts.get("text/html", ""), json.dumps(headers),
        json.dumps(body.get("categories") or []), json.dumps(arguments), now(),
    )  # fmt: skip
    return find(world, mail_id)


def find(world: World, mail_id: int) -> dict[str, Any]:
    """Raises `LookupError`."""
    found = world.database.row("SELECT * FROM sendgrid_mails WHERE id = ?", mail_id)
    if found is None:
        raise LookupError(f"There is no mail {mail_id}.")
    return found


def every(world: World) -> list[dict[str, Any]]:
    """The newest first, each with its events."""
    mails = world.database.rows("SELECT * FROM sendgrid_mails ORDER BY id DESC LIMIT 200")
    return [{**mail, "events": events_of(world, mail["id"])} for mail in mails]


def events_of(world: World, mail_id: int) -> list[dict[str, Any]]:
    sql = "SELECT * FROM sendgrid_events WHERE mail_id = ? ORDER BY id"
    return world.database.rows(sql, mail_id)


def _shown(person: dict[str, Any]) -> str:
    name = person.get("name")
    return f"{name} <{person['email']}>" if name else str(person["email"])
