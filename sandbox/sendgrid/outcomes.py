"""What becomes of a mail: chosen by words in the recipient's address, or on the page.

`bounce@school.example` bounces, `sara+open@school.example` opens it; everybody else gets it.
Events: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

from __future__ import annotations

import json
import re
import secrets
import time
from typing import Any

from sandbox.sendgrid import account, suppressions
from sandbox.world import World

Mail = dict[str, Any]
OUTCOMES: dict[str, tuple[str, ...]] = {
    "delivered": ("processed", "delivered"),
    "open": ("processed", "delivered", "open"),
    "click": ("processed", "delivered", "open", "click"),
    "deferred": ("processed", "deferred", "delivered"),
    "bounce": ("processed", "bounce"),
    "blocked": ("processed", "blocked"),
    "dropped": ("dropped",),
    "spamreport": ("processed", "delivered", "spamreport"),
    "unsubscribe": ("processed", "delivered", "unsubscribe"),
}
WORDS = {
    **{name: name for name in OUTCOMES},
    "opened": "open", "clicked": "click", "bounced": "bounce", "complaint": "spamreport",
    "spam": "spamreport", "unsubscribed": "unsubscribe",
}  # fmt: skip
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Sandbox/1.0"
ABOUT: dict[str, dict[str, Any]] = {
    "delivered": {"response": "250 2.0.0 OK", "tls": 1, "ip": "127.0.0.1"},
    "deferred": {"response": "451 4.7.1 Greylisted, try again later", "attempt": "1"},
    "bounce": {
        "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 The mailbox does not exist",
        "bounce_classification": "Invalid Address",
    },
    "blocked": {
        "type": "blocked", "status": "4.2.2", "reason": "452 4.2.2 The mailbox is full",
        "bounce_classification": "Mailbox Unavailable",
    },
    "dropped": {"status": "5.0.0"},
    "open": {"useragent": AGENT, "ip": "127.0.0.1", "sg_machine_open": False},
    "click": {"useragent": AGENT, "ip": "127.0.0.1", "url_offset": {"index": 0, "type": "html"}},
}  # fmt: skip
BY_HAND = ("delivered", "open", "click", "deferred", "bounce", "blocked", "spamreport",
           "unsubscribe")  # fmt: skip
LINK = re.compile(r'href="(https?://[^"]+)"')


def chosen(world: World, recipient: str) -> str:
    """The one chosen on the page for the next mail, else what the address says."""
    wished = account.setting(world, "next_outcome")
    if wished:
        account.change(world, {"next_outcome": ""})
        return wished
    words = re.split(r"[^a-z]+", recipient.partition("@")[0].lower())
    return next((WORDS[word] for word in words if word in WORDS), "delivered")


def happen(world: World, mail: Mail) -> None:
    """Have a mail's events come, one after the other."""
    reason = suppressions.reason_for(world, mail["recipient"])
    kinds = ("dropped",) if reason else OUTCOMES[chosen(world, mail["recipient"])]
    pause = float(account.setting(world, "pause"))
    for number, kind in enumerate(kinds):
        record(world, mail, kind, due_at=time.time() + number * pause, reason=reason or "Invalid")


def record(
    world: World, mail: Mail, kind: str, *, due_at: float | None = None, reason: str = "Invalid"
) -> None:
    """One event, for the webhook; what SendGrid keeps of it goes on its lists."""
    body = _body(mail, kind) | ({"reason": reason} if kind == "dropped" else {})
    world.database.run(
        "INSERT INTO sendgrid_events (mail_id, kind, body, due_at) VALUES (?, ?, ?, ?)",
        mail["id"], kind, json.dumps(body), time.time() if due_at is None else due_at,
    )  # fmt: skip
    suppressions.note(world, kind, mail["recipient"], str(body.get("reason", "")))


def _body(mail: Mail, kind: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "email": mail["recipient"],
        "timestamp": int(time.time()),
        "smtp-id": f"<{mail['message_id']}@sandbox>",
        "event": "bounce" if kind == "blocked" else kind,
        "category": json.loads(mail["categories"]),
        "sg_event_id": secrets.token_urlsafe(16),
        "sg_message_id": f"{mail['message_id']}.sandbox-0-{mail['id']}.0",
        **ABOUT.get(kind, {}),
        **json.loads(mail["custom_args"]),
    }
    if kind == "click":
        link = LINK.search(mail["html"])
        body["url"] = link[1] if link else "https://example.com/"
    return body
