"""What the processes find in their environment: generated, given from outside, or both.

A name in our own environment always wins, and is never written down.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded import credentials
from embedded.faults import Fault
from embedded.ports import LOOPBACK

if TYPE_CHECKING:
    from embedded.layout import Layout

DEFAULT_PORT = "8000"
NAMES = {"dev": "development", "test": "test"}


@dataclass(frozen=True)
class Given:
    """What the person who starts us brought along; an empty value counts as not given."""

    database: str
    redis: str
    roblox: str
    sendgrid: str
    stripe: str
    host: str
    port: str
    public_url: str

    @classmethod
    def from_process(cls) -> Given:
        def name(key: str, default: str = "") -> str:
            return os.environ.get(key) or default

        port = name("PORT", DEFAULT_PORT)
        return cls(
            database=name("DATABASE_URL"),
            redis=name("REDIS_URL"),
            roblox=name("ROBLOX_API_URL"),
            sendgrid=name("SENDGRID"),
            stripe=name("STRIPE_SECRET_KEY"),
            host=name("HOST", LOOPBACK),
            port=port,
            public_url=name("PUBLIC_URL", f"http://localhost:{port}"),
        )


def complete_file(layout: Layout) -> dict[str, str]:
    """Fill `<local>/env` with what is missing; a `Fault` when keys of existing data are lost."""
    held = credentials.read(layout.env_file)
    has_data = (layout.home / "postgres" / "data").exists()
    if layout.profile == "dev" and has_data and not held.get("FIELD_ENCRYPTION_KEYS"):
        raise Fault(
            f"{layout.env_file} lacks FIELD_ENCRYPTION_KEYS, but there is a database: "
            "its encrypted fields open with the old keys only.",
            "put the file back from a copy; or give the data up and begin anew: `make reset`.",
        )
    return credentials.complete(layout.env_file)


def addresses(layout: Layout, given: Given) -> dict[str, str]:
    """Names that follow from this profile's folders and the web's port."""
    return {
        "TOOLBOXAI_ENV": NAMES[layout.profile],
        "PUBLIC_URL": given.public_url,
        "PUSHER_URL": f"http://{LOOPBACK}:{given.port}",
        "OUTGOING_NETWORKS_ALLOWED": "127.0.0.0/8",  # the demo receives its own webhooks
        "MEDIA_DIR": str(layout.home / "media"),
        "MAIL_OUTBOX_DIR": str(layout.home / "outbox"),
    }


def compose(layout: Layout, **more: str) -> dict[str, str]:
    """The whole environment of a process of this profile."""
    own = credentials.read(layout.env_file) | more
    brought = {name: value for name, value in os.environ.items() if value or name not in own}
    if brought.get("DATABASE_URL"):
        own["DATABASE_OWNER_URL"] = ""  # ours owns nothing in a database brought along
    return {**own, **brought, "TOOLBOXAI_LOCAL_DIR": str(layout.home)}
