"""API keys and whose they are: any well-formed test key opens an account of its own.

A test, a developer and `make up` so have separate accounts by having separate keys.
"""

from __future__ import annotations

import base64
import hashlib
import re

from starlette.requests import Request

from sandbox.database import Database, now
from sandbox.stripe import identifiers
from sandbox.stripe.errors import StripeError, wrong_key

WELL_FORMED = re.compile(r"^(sk|rk)_test_[A-Za-z0-9]{16,}$")


def authenticate(request: Request, database: Database) -> str:
    """The account a request's key belongs to. Raises Stripe's 401."""
    return account_of(database, _key_of(request))


def account_of(database: Database, key: str) -> str:
    row = database.row("SELECT * FROM stripe_keys WHERE sha256 = ?", _fingerprint(key))
    if row and row["status"] != "active":
        raise StripeError("Expired API Key provided.", status=401, code="api_key_expired")
    if row:
        return str(row["account"])
    if not WELL_FORMED.match(key):
        raise wrong_key(key)
    account = f"acct_{_fingerprint(key)[:16]}"
    add(database, key, account)
    return account


def create(database: Database, account: str) -> str:
    """Another secret key of an account; what rolling a key on Stripe's dashboard does."""
    key = f"sk_test_{identifiers.random_text(48)}"
    add(database, key, account)
    return key


def add(database: Database, key: str, account: str) -> None:
    sql = "INSERT INTO stripe_keys (sha256, account, prefix, created_at) VALUES (?, ?, ?, ?)"
    database.run(sql, _fingerprint(key), account, key[:12], now())


def revoke(database: Database, key: str) -> None:
    sql = "UPDATE stripe_keys SET status = 'expired' WHERE sha256 = ?"
    database.run(sql, _fingerprint(key))


def _fingerprint(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _key_of(request: Request) -> str:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return base64.b64decode(given + "==").decode(errors="replace").partition(":")[0]
    return given.strip() if scheme.lower() == "bearer" else ""
