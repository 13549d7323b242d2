"""Crossing from the public host to a workspace's own host, where the cookie does not reach.

A ticket is 256 random bits, kept as its SHA-256 in Redis for a minute, good for one person,
one workspace and one use (GETDEL).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from functools import cache
from typing import Any

import redis
from django.conf import settings

from apps.accounts.models import User
from apps.tenants.access import require
from apps.tenants.errors import TicketRefused
from apps.tenants.models import Tenant

SECONDS = 60
TOKEN_BYTES = 32


def issue(*, tenant: Tenant, by: User, at: str = "") -> str:
    """The address on the workspace's host that signs `by` in there; for members only.

    `at`: which of its addresses, `Tenant.url` when left out.
    """
    require("workspace.view", by=by, tenant=tenant)
    if not tenant.is_open:
        raise TicketRefused(f"{tenant} is {tenant.get_state_display().lower()}.")
    ticket = secrets.token_urlsafe(TOKEN_BYTES)
    held = json.dumps({"user": str(by.pk), "schema": tenant.schema_name})
    _redis().set(_key(ticket), held, ex=SECONDS)
    return f"{at or tenant.url}/enter/?ticket={ticket}"


def redeem(*, ticket: str, tenant: Tenant) -> User:
    """The person the ticket was issued to; raises `TicketRefused` and burns the ticket."""
    held = _redis().getdel(_key(ticket))
    values = json.loads(held) if held else {}
    if values.get("schema") != tenant.schema_name:
        raise TicketRefused
    user = User.objects.filter(pk=values["user"], is_active=True).first()
    if user is None:
        raise TicketRefused
    return user


@cache
def _redis() -> Any:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def _key(ticket: str) -> str:
    return f"ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"
