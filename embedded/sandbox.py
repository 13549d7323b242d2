"""The sandbox: Roblox, Stripe, SendGrid and a name server on loopback (package `sandbox`)."""

from __future__ import annotations

import json
import os
import secrets
import urllib.request
from typing import TYPE_CHECKING, Any

from embedded.ports import LOOPBACK
from embedded.probes import answers_http
from embedded.process import Service

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from embedded.layout import Layout


SENDER_DOMAIN = "toolboxai.example"
# What `config/env.py` has anyway: mail stays in the outbox folder.
WITHOUT_SENDGRID = {
    "SENDGRID_API_URL": "https://api.sendgrid.com",
    "SENDGRID_API_KEY": "",
    "SENDGRID_WEBHOOK_KEY": "",
    "DEFAULT_FROM_EMAIL": "ToolBoxAI <hello@localhost>",
}
# The real one, with the key in our own environment or with none.
WITHOUT_STRIPE = {"STRIPE_API_URL": "https://api.stripe.com", "STRIPE_SECRET_KEY": ""}
TEST_KEY = "sk_test_"


def service(
    layout: Layout, port: int, folder: Path, *, name: str = "sandbox", dns_port: int = 0
) -> Service:
    """It takes everything from its arguments, and none of our secrets. A `dns_port` of 0 is any."""
    return Service(
        name=name,
        argv=[
            *(str(layout.python), "-m", "sandbox"),
            *("--port", str(port), "--data-dir", str(folder), "--dns-port", str(dns_port)),
        ],
        env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONUNBUFFERED": "1"},
        cwd=layout.root,
        log=layout.logs / f"{name}.log",
        pid_file=layout.run / f"{name}.pid",
        is_ready=lambda: answers_http(port, "/healthz"),
    )


def address(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"


def choose_stripe(port: int, held: str) -> dict[str, str]:
    """An account at its stand-in for Stripe, which is the account of a key: the one `held`, or
    a new one.
    """
    key = held if held.startswith(TEST_KEY) else f"{TEST_KEY}{secrets.token_hex(24)}"
    return {"STRIPE_API_URL": address(port), "STRIPE_SECRET_KEY": key}


def connect_stripe(port: int, key: str) -> None:
    """Open the account; its dashboard is set as docs/runbooks/dunning.md asks for."""
    _post(port, "stripe/settings", {"key": key, "after_last_retry": "past_due"})


def find_webhooks(stripe: Mapping[str, str]) -> list[str]:
    """Where the account of these names sends events: addresses of webhooks that are on."""
    request = urllib.request.Request(  # noqa: S310 -- our own process
        f"{stripe['STRIPE_API_URL']}/v1/webhook_endpoints?limit=100",
        headers={"Authorization": f"Bearer {stripe['STRIPE_SECRET_KEY']}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        found = json.load(answer)["data"]
    return [one["url"] for one in found if one["status"] == "enabled"]


def connect_sendgrid(port: int, public_url: str) -> dict[str, str]:
    """An account at its stand-in for SendGrid, as the names by which the product is told of it.
    What happens to mails comes back to the product at `public_url`.
    """
    wish = {"domain": SENDER_DOMAIN, "webhook_url": f"{public_url}/mail/events/sendgrid/"}
    told = _post(port, "sendgrid/connect", wish)
    return {
        "SENDGRID_API_URL": address(port),
        "SENDGRID_API_KEY": told["api_key"],
        "SENDGRID_WEBHOOK_KEY": told["webhook_key"],
        "DEFAULT_FROM_EMAIL": f"ToolBoxAI <hello@{SENDER_DOMAIN}>",
    }


def _post(port: int, path: str, body: dict[str, str]) -> Any:
    request = urllib.request.Request(  # noqa: S310 -- our own process
        f"{address(port)}/_sandbox/{path}", json.dumps(body).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)
