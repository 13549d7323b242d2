"""The database's part of a start: done when something changed, else skipped.

What has been done to a database is noted in its own comment, so the note goes where the
data goes. A database a person brought along gets no note and no short cut.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embedded import sandbox, stamps
from embedded.progress import step
from embedded.psql import Psql

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from embedded.django_session import DjangoSession
    from embedded.layout import Layout

READ_NOTE = """
SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()
"""


@dataclass
class Database:
    """The database to bring up to date; `psql` is None for one brought along.

    The demo is made in the sandbox too, and never in the real Roblox: `with_demo` is False
    when there is no sandbox. `with_prices` likewise: what is sold goes to the sandbox's Stripe,
    which is told where to send its events. `env` is what the processes find in theirs.
    """

    layout: Layout
    psql: Psql | None
    with_demo: bool
    with_prices: bool
    env: Mapping[str, str]

    def migrate(self, django: DjangoSession) -> None:
        """Public and every workspace."""
        note = self._read_note()
        wanted = stamps.digest(_migrations(self.layout))
        with step("Migrations") as current:
            if note.get("migrations") == wanted:
                current.note = "unchanged"
            else:
                django.run("fleet", "migrate")
                self._write_note({**note, "migrations": wanted})

    def fill(self, django: DjangoSession) -> None:
        """Seed the demo once, and have what is sold at Stripe as the code says."""
        note = self._read_note()
        with step("Demo") as current:
            if note.get("seeded"):
                current.note = "there already"
            elif not self.with_demo:
                current.note = "left out: it needs the sandbox"
            else:
                django.run("seed_demo")
                note = {**note, "seeded": True}
                self._write_note(note)
        self._sell(django, note)

    def _sell(self, django: DjangoSession, note: dict[str, Any]) -> None:
        """Again, too, where the sandbox's Stripe has forgotten us: somebody emptied its folder."""
        if not self.with_prices:
            with step("Prices") as current:
                current.note = "yours: `manage.py billing sync`"
            return
        wanted = {
            "prices": stamps.digest(_prices(self.layout)),
            "webhooks": stamps.digest(_webhooks(self.layout), self.env["PUBLIC_URL"]),
        }
        known = sandbox.find_webhooks(self.env)
        with step("Prices") as current:
            if known and note.get("prices") == wanted["prices"]:
                current.note = "unchanged"
            else:
                django.run("billing", "sync", "--apply")
        with step("Stripe's webhooks") as current:
            here = any(url.startswith(f"{self.env['PUBLIC_URL']}/") for url in known)
            if here and note.get("webhooks") == wanted["webhooks"]:
                current.note = "unchanged"
            else:
                django.run("billing", "endpoints", "ensure")
        if not wanted.items() <= note.items():
            self._write_note({**note, **wanted})

    def _read_note(self) -> dict[str, Any]:
        text = self.psql.ask(READ_NOTE) if self.psql else ""
        return dict(json.loads(text)) if text.startswith("{") else {}

    def _write_note(self, note: dict[str, Any]) -> None:
        if self.psql:
            # Names we chose and hex digits: nothing in it needs quoting.
            self.psql.ask(f"COMMENT ON DATABASE toolboxai IS '{json.dumps(note)}'")


def _prices(layout: Layout) -> list[Path]:
    payments = layout.root / "apps" / "payments"
    return [
        layout.root / "apps" / "usage" / "plans.py",
        payments / "catalogue.py",
        payments / "taxes.py",
        payments / "services" / "catalogue_sync",
    ]


def _webhooks(layout: Layout) -> list[Path]:
    payments = layout.root / "apps" / "payments"
    return [
        payments / "event_types.py",
        payments / "stripe_api.py",
        payments / "services" / "endpoints.py",
    ]


def _migrations(layout: Layout) -> list[Path]:
    return [
        *layout.root.glob("apps/*/migrations/*.py"),
        *layout.root.glob("apps/*/sql/*.sql"),
        *layout.root.glob("apps/core/postgresql/*.py"),
        *layout.root.glob("config/**/*.py"),
        layout.root / "requirements" / "embedded.txt",
    ]
