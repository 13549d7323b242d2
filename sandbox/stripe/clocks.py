"""Test clocks, and what falls due as time goes by. https://docs.stripe.com/billing/testing.

Every document may say in `_due` when something happens to it next. A clock goes from one such
moment to the next, in their order, so that 14 months come to the same in one step or in many.
What no test clock has is due by the world's time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from sandbox.database import Database
from sandbox.stripe import identifiers
from sandbox.stripe.answers import Document
from sandbox.stripe.endpoint import Call, Endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.listing import listing
from sandbox.stripe.store import Store

KIND = "test_helpers.test_clock"
THIRTY_DAYS = 30 * 86_400
FURTHEST = 2 * 366 * 86_400
Happening = Callable[[Store, Document], None]
HAPPENINGS: dict[str, Happening] = {}


def happening(kind: str) -> Callable[[Happening], Happening]:
    """Says what happens to a kind of document when its `_due` has come."""

    def register(do: Happening) -> Happening:
        HAPPENINGS[kind] = do
        return do

    return register


def create(call: Call) -> Document:
    clock = {
        "id": identifiers.new("clock"),
        "object": KIND,
        "created": int(time.time()),
        "deletes_after": int(time.time()) + THIRTY_DAYS,
        "frozen_time": call.params["frozen_time"],
        "livemode": False,
        "name": call.params.get("name"),
        "status": "ready",
        "status_details": {"advancing": None},
    }
    return call.store.insert(clock, f"{KIND}.created")


def advance(call: Call) -> Document:
    """Goes there before it answers, but answers as Stripe does: that it is on its way."""
    clock, store = call.store.get(call.id, KIND), call.store
    target = call.params["frozen_time"]
    if target <= clock["frozen_time"]:
        raise StripeError(
            "The clock must be advanced to a time in its future.", param="frozen_time"
        )
    if target > clock["frozen_time"] + FURTHEST:
        raise StripeError("A clock advances by two years at most.", param="frozen_time")
    answer = clock | {
        "frozen_time": target,
        "status": "advancing",
        "status_details": {"advancing": {"target_frozen_time": target}},
    }
    move(store, clock, target)
    return answer


def move(store: Store, clock: Document, target: int) -> None:
    while document := _next_due(store.database, store.account, clock["id"], target):
        clock["frozen_time"] = max(clock["frozen_time"], document["_due"])
        store.save(clock)
        happen(store, document)
    clock["frozen_time"] = target
    store.save(clock, f"{KIND}.ready", always=True)


def happen(store: Store, document: Document) -> None:
    """Whoever is due is asked once per moment: not to move on would be to stand still for ever."""
    due = document.pop("_due")
    HAPPENINGS[document["object"]](store, document)
    later = store.find(document["id"])
    if later and later.get("_due") is not None and later["_due"] <= due:
        raise RuntimeError(f"{document['id']} is due at {due} again")


# A planned change comes before the renewal of the same second, which is at the new price then.
def _next_due(database: Database, account: str, clock: str | None, until: int) -> Document | None:
    sql = (
        "SELECT body FROM stripe_objects WHERE account = ? AND clock IS ? AND due <= ? "
        "ORDER BY due, kind <> 'subscription_schedule', sequence LIMIT 1"
    )
    text = database.value(sql, account, clock, until)
    return json.loads(text) if text else None


def tick(database: Database, address: str) -> bool:
    """Let happen what is due by the world's time, of every account; was there anything?"""
    sql = "SELECT DISTINCT account FROM stripe_objects WHERE clock IS NULL AND due <= ?"
    accounts = [row["account"] for row in database.rows(sql, time.time())]
    for account in accounts:
        store = Store(database, account, address, {"id": None, "idempotency_key": None})
        with database.transaction():
            while document := _next_due(database, account, None, int(time.time())):
                happen(store, document)
    return bool(accounts)


def delete(call: Call) -> Document:
    """With its customers and everything of theirs."""
    clock = call.store.get(call.id, KIND)
    sql = "DELETE FROM stripe_objects WHERE account = ? AND clock = ? AND id <> ? AND kind <> ?"
    call.store.database.run(sql, call.store.account, clock["id"], clock["id"], "event")
    return call.store.delete(clock, f"{KIND}.deleted")


def read(call: Call) -> Document:
    return call.store.get(call.id, KIND)


PATH = "/v1/test_helpers/test_clocks"
ENDPOINTS = [
    Endpoint("POST", PATH, "test_helpers.TestClockCreateParams", create),
    Endpoint("GET", PATH, "test_helpers.TestClockListParams", listing(KIND)),
    Endpoint("GET", f"{PATH}/{{id}}", "test_helpers.TestClockRetrieveParams", read),
    Endpoint("DELETE", f"{PATH}/{{id}}", "test_helpers.TestClockDeleteParams", delete),
    Endpoint("POST", f"{PATH}/{{id}}/advance", "test_helpers.TestClockAdvanceParams", advance),
]
