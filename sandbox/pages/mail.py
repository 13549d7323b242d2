"""The page of what SendGrid was given, and one mail."""

from __future__ import annotations

import json
import time
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from sandbox import faults, request_log
from sandbox.names import records
from sandbox.pages.frame import HEADERS, TEMPLATES, number_of, text_of
from sandbox.sendgrid import account, domains, management, outcomes, sending, suppressions
from sandbox.world import World, world_of

HERE = "/_sandbox/mail"
PRESETS: dict[str, tuple[str, dict[str, Any]]] = {
    "mail-429": (
        "Next mail is limited for 20 s",
        {"match": "POST /v3/mail/*", "kind": "rate_limit", "retry_after": 20},
    ),
    "mail-503": (
        "Next mail fails with 503",
        {"match": "POST /v3/mail/*", "kind": "status", "status": 503},
    ),
    "mail-drop": (
        "Next mail is taken, its answer is lost",
        {"match": "POST /v3/mail/*", "kind": "drop"},
    ),
    "mail-slow": (
        "Next mail takes 10 s",
        {"match": "POST /v3/mail/*", "kind": "hang", "seconds": 10},
    ),
    "mail-down": (
        "SendGrid is down until switched back",
        {"match": "* /v3/*", "kind": "status", "status": 503, "times": 0},
    ),
}
HAPPENINGS = (
    ("delivered", "It is delivered"),
    ("open", "It is opened"),
    ("click", "A link in it is clicked"),
    ("deferred", "The other side asks to wait"),
    ("bounce", "It bounces: no such mailbox"),
    ("blocked", "It is blocked: mailbox full"),
    ("spamreport", "It is marked as spam"),
    ("unsubscribe", "The recipient unsubscribes"),
)
# A mail as a program shows it that runs nothing and loads nothing.
LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
)
FRAMED = {
    "content-security-policy": f"{HEADERS['content-security-policy']}; frame-src 'self'",
}


async def overview(request: Request) -> Response:
    world = world_of(request)
    found = faults.every(world)
    context = {
        **_frame(request), "mails": sending.every(world), "moment_now": time.time(),
        "domains": [_domain(world, row) for row in domains.every(world)],
        "own_domain": account.setting(world, "domain"),
        "suppressions": suppressions.every(world), "outcomes": list(outcomes.OUTCOMES),
        "next_outcome": account.setting(world, "next_outcome"), "presets": PRESETS,
        "pause": account.setting(world, "pause"), "faults": found,
        "untold": world.database.value("SELECT count(*) FROM sendgrid_events WHERE NOT is_taken"),
        "requests": [seen for seen in request_log.recent(world) if seen["path"].startswith("/v3/")],
    }  # fmt: skip
    return HTMLResponse(TEMPLATES.get_template("mail.html").render(context), headers=HEADERS)


async def detail(request: Request) -> Response:
    world = world_of(request)
    try:
        mail = sending.find(world, request.path_params["mail_id"])
    except LookupError as error:
        return PlainTextResponse(str(error.args[0]), status_code=404)
    context = {
        **_frame(request), "mail": mail, "events": sending.events_of(world, mail["id"]),
        "happenings": HAPPENINGS,
        "about": [
            *json.loads(mail["headers"]).items(),
            ("Categories", ", ".join(json.loads(mail["categories"]))),
            *json.loads(mail["custom_args"]).items(),
        ],
    }  # fmt: skip
    page = TEMPLATES.get_template("mail_detail.html").render(context)
    return HTMLResponse(page, headers={**HEADERS, **FRAMED})


async def html(request: Request) -> Response:
    try:
        mail = sending.find(world_of(request), request.path_params["mail_id"])
    except LookupError as error:
        return PlainTextResponse(str(error.args[0]), status_code=404)
    return HTMLResponse(mail["html"], headers={"content-security-policy": LETTER_POLICY})


def _frame(request: Request) -> dict[str, Any]:
    world = world_of(request)
    return {
        "here": HERE, "problem": request.query_params.get("problem", ""),
        "revision": world.changes.revision, "address": str(request.base_url).rstrip("/"),
        "webhook_url": account.setting(world, "webhook_url"),
    }  # fmt: skip


def _domain(world: World, row: dict[str, Any]) -> dict[str, Any]:
    wanted = [
        {**each, "is_there": each["data"] in records.find(world, each["host"], "CNAME")}
        for each in domains.dns_of(row).values()
    ]
    return {**row, "dns": wanted, "is_published": all(each["is_there"] for each in wanted)}


def _next_outcome(world: World, form: FormData) -> None:
    outcome = text_of(form, "outcome")
    if outcome and outcome not in outcomes.OUTCOMES:
        raise LookupError(f"There is no outcome {outcome}.")
    account.change(world, {"next_outcome": outcome})


def _webhook(world: World, form: FormData) -> None:
    account.change(world, {name: text_of(form, name) for name in ("webhook_url", "pause")})


def _unsuppress(world: World, form: FormData) -> None:
    suppressions.remove(world, text_of(form, "list"), text_of(form, "email"))


def _happen(world: World, form: FormData) -> None:
    management.happen(world, number_of(form, "mail_id"), text_of(form, "kind"))


def _publish(world: World, form: FormData) -> None:
    number = number_of(form, "domain_id")
    row = next((row for row in domains.every(world) if row["id"] == number), None)
    if row is None:
        raise LookupError(f"There is no domain {number}.")
    for record in domains.dns_of(row).values():
        records.publish(world, record["host"], record["type"], record["data"])


FORMS = {
    "next-outcome": _next_outcome,
    "webhook": _webhook,
    "unsuppress": _unsuppress,
    "mail-event": _happen,
    "publish-domain": _publish,
}
