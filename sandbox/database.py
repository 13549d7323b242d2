"""What the sandbox remembers between starts: one SQLite file."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.names import schema as names
from sandbox.sendgrid import schema as sendgrid

Parameter = str | int | float | bytes | None

SCHEMA = """
CREATE TABLE IF NOT EXISTS experiences (
  universe_id INTEGER PRIMARY KEY, name TEXT NOT NULL, owner_id INTEGER NOT NULL,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS places (
  place_id INTEGER PRIMARY KEY, universe_id INTEGER NOT NULL REFERENCES experiences,
  name TEXT NOT NULL, root INTEGER NOT NULL, team_create_open INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS place_versions (
  place_id INTEGER NOT NULL REFERENCES places, number INTEGER NOT NULL,
  version_type TEXT NOT NULL, content_type TEXT NOT NULL, sha256 TEXT NOT NULL,
  size INTEGER NOT NULL, key_prefix TEXT NOT NULL, created_at TEXT NOT NULL,
  PRIMARY KEY (place_id, number));
CREATE TABLE IF NOT EXISTS keys (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, owner_id INTEGER NOT NULL,
  prefix TEXT NOT NULL, sha256 TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'active', created_at TEXT NOT NULL,
  expires_at TEXT, used_at TEXT);
CREATE TABLE IF NOT EXISTS assets (
  asset_id INTEGER PRIMARY KEY, asset_type TEXT NOT NULL, display_name TEXT NOT NULL,
  description TEXT NOT NULL, creator TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'Active');
CREATE TABLE IF NOT EXISTS asset_versions (
  asset_id INTEGER NOT NULL REFERENCES assets, number INTEGER NOT NULL,
  sha256 TEXT NOT NULL, size INTEGER NOT NULL, moderation TEXT NOT NULL,
  created_at TEXT NOT NULL, PRIMARY KEY (asset_id, number));
CREATE TABLE IF NOT EXISTS operations (
  id TEXT PRIMARY KEY, asset_id INTEGER NOT NULL, polls_left INTEGER NOT NULL, error TEXT);
CREATE TABLE IF NOT EXISTS restarts (
  id INTEGER PRIMARY KEY, universe_id INTEGER NOT NULL, place_ids TEXT NOT NULL,
  close_all INTEGER NOT NULL, bleed_off_minutes INTEGER, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY, universe_id INTEGER NOT NULL, topic TEXT NOT NULL,
  message TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS faults (
  id INTEGER PRIMARY KEY, pattern TEXT NOT NULL, kind TEXT NOT NULL, status INTEGER NOT NULL,
  seconds REAL NOT NULL, retry_after INTEGER, taken INTEGER NOT NULL, times INTEGER NOT NULL,
  created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
  id INTEGER PRIMARY KEY, method TEXT NOT NULL, path TEXT NOT NULL, status INTEGER NOT NULL,
  milliseconds REAL NOT NULL, key_prefix TEXT NOT NULL, fault TEXT NOT NULL,
  created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS stripe_objects (
  sequence INTEGER PRIMARY KEY, id TEXT NOT NULL, account TEXT NOT NULL, kind TEXT NOT NULL,
  customer TEXT, clock TEXT, due INTEGER, created INTEGER NOT NULL, body TEXT NOT NULL,
  UNIQUE (account, id));
CREATE INDEX IF NOT EXISTS stripe_objects_by_kind ON stripe_objects (account, kind, customer);
CREATE INDEX IF NOT EXISTS stripe_objects_due ON stripe_objects (account, clock, due);
CREATE TABLE IF NOT EXISTS stripe_keys (
  sha256 TEXT PRIMARY KEY, account TEXT NOT NULL, prefix TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'active', created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS stripe_replies (
  account TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, request_id TEXT NOT NULL,
  status INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (account, key));
CREATE TABLE IF NOT EXISTS stripe_deliveries (
  id INTEGER PRIMARY KEY, account TEXT NOT NULL, event TEXT NOT NULL, endpoint TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending', attempt INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL,
  response INTEGER);
CREATE TABLE IF NOT EXISTS quirks (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""

TABLES = (
    "experiences",
    "places",
    "place_versions",
    "keys",
    "assets",
    "asset_versions",
    "operations",
    "restarts",
    "messages",
    "faults",
    "requests",
    "quirks",
    "stripe_objects",
    "stripe_keys",
    "stripe_replies",
    "stripe_deliveries",
    *names.TABLES,
    *sendgrid.TABLES,
)


def now() -> str:
    """The present moment as the sandbox stores and shows it: RFC 3339, UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Database:
    """Plain SQL over one connection. Every call is short and made from the event loop."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(SCHEMA + names.SCHEMA + sendgrid.SCHEMA)

    def rows(self, sql: str, *values: Parameter) -> list[dict[str, Any]]:
        return [dict(row) for row in self._connection.execute(sql, values)]

    def row(self, sql: str, *values: Parameter) -> dict[str, Any] | None:
        found = self._connection.execute(sql, values).fetchone()
        return dict(found) if found else None

    def value(self, sql: str, *values: Parameter) -> Any:
        found = self._connection.execute(sql, values).fetchone()
        return found[0] if found else None

    def run(self, sql: str, *values: Parameter) -> int:
        """Execute and return the new row's id (of an INSERT) or 0."""
        return self._connection.execute(sql, values).lastrowid or 0

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def next_number(self, name: str, *, first: int) -> int:
        """The next of a series that a reset does not start again, like a vendor's ids."""
        sql = (
            "INSERT INTO counters VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
        )
        return int(self.value(sql, name, first))

    def clear(self) -> None:
        with self.transaction():
            for table in reversed(TABLES):
                self.run(f"DELETE FROM {table}")  # noqa: S608 - names from the constant above

    def close(self) -> None:
        self._connection.close()
