"""What "Stripe" holds, account by account, and how its webhooks fare."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.database import Database
from sandbox.management import is_from_elsewhere
from sandbox.stripe import deliveries
from sandbox.stripe.answers import Document
from sandbox.stripe.pages import rendering
from sandbox.stripe.store import Store
from sandbox.world import world_of

SHOWN = 12
COUNTED = ("customer", "subscription", "invoice", "charge", "event")


async def overview(request: Request) -> Response:
    database = world_of(request).database
    accounts = _accounts(database)
    chosen = request.query_params.get("account") or (accounts[0]["account"] if accounts else "")
    about = _about(rendering.open_store(request, chosen)) if chosen else {}
    return rendering.render("dashboard.html", accounts=accounts, chosen=chosen, **about)


def _accounts(database: Database) -> list[dict[str, Any]]:
    """The busiest first."""
    sql = (
        "SELECT account, count(*) AS documents, max(sequence) AS newest FROM stripe_objects "
        "GROUP BY account ORDER BY newest DESC LIMIT 20"
    )
    return database.rows(sql)


def _about(store: Store) -> dict[str, Any]:
    sql = "SELECT kind, count(*) AS number FROM stripe_objects WHERE account = ? GROUP BY kind"
    counts = {row["kind"]: row["number"] for row in store.database.rows(sql, store.account)}
    return {
        "counts": {kind: counts.get(kind, 0) for kind in COUNTED},
        "subscriptions": _newest(store, "subscription"),
        "invoices": _newest(store, "invoice"),
        "events": [_told(store, event) for event in _newest(store, "event")],
        "clocks": _newest(store, "test_helpers.test_clock"),
        "endpoints": _newest(store, "webhook_endpoint"),
    }


def _newest(store: Store, kind: str) -> list[Document]:
    found = store.select(kind, newest_first=True)
    return [one for one in found if not one.get("deleted")][:SHOWN]


def _told(store: Store, event: Document) -> Document:
    sql = (
        "SELECT status, attempt, response FROM stripe_deliveries WHERE account = ? AND event = ? "
        "ORDER BY id"
    )
    return event | {"told": store.database.rows(sql, store.account, event["id"])}


async def send_again(request: Request) -> Response:
    if is_from_elsewhere(request):
        return rendering.not_found("form")
    async with request.form() as form:
        event, account = rendering.text(form, "event"), rendering.text(form, "account")
    if event:
        await deliveries.resend(world_of(request), event)
    else:
        await deliveries.hurry(world_of(request))
    return rendering.see(f"/_sandbox/stripe?account={account}")
