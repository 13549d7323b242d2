"""What a person reads when everything runs: where to go and how to sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from embedded import credentials, notes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.layout import Layout

DEMO_WORKSPACE = "lincoln"


def block(layout: Layout) -> str:
    """The closing block of a start."""
    held = credentials.read(layout.env_file)
    public, sandbox = held["PUBLIC_URL"], held.get("SANDBOX_URL", "")
    rows = [
        ("Public site", public),
        ("Demo workspace", workspace_address(public)),
        ("Operator console", f"{public}/operator/"),
        ("Roblox, simulated", sandbox),
        (
            "Mail",
            f"{sandbox}/_sandbox/mail" if held.get("SENDGRID_API_KEY") else f"{public}/outbox/",
        ),
        ("DNS, simulated", sandbox and f"{sandbox}/_sandbox/names"),
        ("Stripe, simulated", stripe_address(held)),
    ]
    places = "\n".join(f"  {name:<18} {address}" for name, address in rows if address)
    return f"""
ToolBoxAI is running.

{places}

  Sign in to the workspace as  owner@lincoln.example  (also teacher@, student@)
      password                 {held["DEMO_PASSWORD"]}
  Sign in to the console as    operator@toolboxai.example
      password                 {held["OPERATOR_PASSWORD"]}
      one-time code            make operator-code

  Logs: make logs    Stop: Ctrl-C or make down    Secrets: {layout.env_file}
"""


def stripe_address(held: Mapping[str, str]) -> str:
    """The sandbox's page about Stripe; empty where it does not stand in for it."""
    url = held.get("SANDBOX_URL", "")
    return f"{url}/_sandbox/stripe" if url and held.get("STRIPE_API_URL") == url else ""


def already_running(layout: Layout) -> str:
    """For a second `make up`."""
    where = _running_address(layout)
    return (
        f"ToolBoxAI is already running{f' at {where}' if where else ' (or just starting)'}.\n"
        "Stop it with `make down`, see it with `make status` and `make logs`."
    )


def workspace_address(public: str) -> str:
    """Where the demo workspace lives, below the public site's host."""
    parts = urlsplit(public)
    return f"{parts.scheme}://{DEMO_WORKSPACE}.{parts.netloc}"


def _running_address(layout: Layout) -> str:
    return str(notes.read(layout.run / "up.json").get("url", ""))
