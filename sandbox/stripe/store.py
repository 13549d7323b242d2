"""What one account holds: documents in SQLite, found by id, kind, customer or a field."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.database import Database, Parameter
from sandbox.stripe import answers, events
from sandbox.stripe.answers import Document
from sandbox.stripe.errors import StripeError, missing

NAMES = {"payment_method": "PaymentMethod", "test_helpers.test_clock": "test clock"}


@dataclass
class Store:
    """One account's documents as one request sees them."""

    database: Database
    account: str
    address: str
    request: dict[str, Any]

    def find(self, object_id: str) -> Document | None:
        sql = "SELECT body FROM stripe_objects WHERE account = ? AND id = ?"
        text = self.database.value(sql, self.account, object_id)
        return json.loads(text) if text else None

    def get(self, object_id: str, kind: str, param: str = "id") -> Document:
        """Raises Stripe's `resource_missing` for an unknown id, and for one of another kind."""
        found = self.find(object_id)
        if found is None or found["object"] != kind or found.get("deleted"):
            raise missing(NAMES.get(kind, kind.replace("_", " ")), object_id, param)
        return found

    def select(self, kind: str, *, newest_first: bool = False, **wanted: Any) -> list[Document]:
        """Documents of a kind, oldest first, whose fields have these values (`a__b` is a.b)."""
        sql = "SELECT body FROM stripe_objects WHERE account = ? AND kind = ?"
        values: list[Parameter] = [self.account, kind]
        for name, value in wanted.items():
            column = "customer" if name == "customer" else f"json_extract(body, '$.{_path(name)}')"
            sql += f" AND {column} IS ?"
            values.append(value)
        sql += f" ORDER BY sequence {'DESC' if newest_first else ''}"
        return [json.loads(row["body"]) for row in self.database.rows(sql, *values)]

    def insert(self, document: Document, event: str = "") -> Document:
        answers.complete(document)
        self.database.run(
            "INSERT INTO stripe_objects (id, account, kind, customer, clock, due, created, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            document["id"],
            self.account,
            document["object"],
            *self._columns(document),
        )
        if event:
            events.record(self, event, document)
        return document

    def save(self, document: Document, event: str = "", *, always: bool = False) -> Document:
        """Write, and tell of `event` where something changed (or `always`)."""
        before = self.find(document["id"]) or {}
        self.database.run(
            "UPDATE stripe_objects SET customer = ?, clock = ?, due = ?, created = ?, body = ? "
            "WHERE account = ? AND id = ?",
            *self._columns(document),
            self.account,
            document["id"],
        )
        if event:
            changed = events.changes(before, document)
            if changed or always:
                events.record(self, event, document, changed)
        return document

    def delete(self, document: Document, event: str = "") -> Document:
        """The short document that Stripe answers; the whole one stays for who looks back."""
        if event:
            events.record(self, event, document)
        document |= {"deleted": True, "_due": None}
        self.save(document)
        return {"id": document["id"], "object": document["object"], "deleted": True}

    def remove(self, object_id: str) -> None:
        sql = "DELETE FROM stripe_objects WHERE account = ? AND id = ?"
        self.database.run(sql, self.account, object_id)

    def _columns(self, document: Document) -> tuple[Parameter, ...]:
        customer = document.get("customer")
        return (
            customer if isinstance(customer, str) else None,
            self.clock_of(document),
            document.get("_due"),
            int(document.get("created") or 0),
            json.dumps(document),
        )

    def clock_of(self, document: Document) -> str | None:
        """The test clock by which a document's time goes, its own or its customer's."""
        if document.get("test_clock"):
            return str(document["test_clock"])
        customer = document.get("customer")
        held = self.find(customer) if isinstance(customer, str) else None
        return held["test_clock"] if held else None

    def now(self, about: Document | str | None = None) -> int:
        """Seconds, by the clock of a document or of a customer's id; else the world's."""
        document = {"customer": about} if isinstance(about, str) else about or {}
        clock = self.clock_of(document)
        held = self.find(clock) if clock else None
        return int(held["frozen_time"]) if held else int(time.time())

    @contextlib.contextmanager
    def rehearsal(self) -> Iterator[None]:
        """What is written inside is gone afterwards: a preview is the real thing, undone."""
        self.database.run("SAVEPOINT rehearsal")
        try:
            yield
        finally:
            self.database.run("ROLLBACK TO rehearsal")
            self.database.run("RELEASE rehearsal")

    def require_unused(self, object_id: str, kind: str) -> None:
        if self.find(object_id):
            raise StripeError(
                f"{kind.replace('_', ' ').capitalize()} already exists.",
                code="resource_already_exists",
                param="id",
            )


def _path(name: str) -> str:
    return name.replace("__", ".")
