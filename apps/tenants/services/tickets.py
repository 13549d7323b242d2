"""Crossing from the public host to a workspace's own host, where the cookie does not reach.

A ticket is 256 random bits, kept as its SHA-256 in Redis for a minute, good for one person,
one workspace and one use (GETDEL).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import redis
from django.conf import settings

from apps.accounts.models import User
from apps.tenants.access import require
from apps.tenants.errors import TicketRefused
from apps.tenants.models import Tenant

SECONDS = 60
TOKEN_BYTES = 32


class Admission(NamedTuple):
    """Whom a ticket lets in, and how and when they have proven who they are."""

    user: User
    proof: list[dict[str, Any]]


def issue(*, tenant: Tenant, by: User, at: str = "", proof: Sequence[dict[str, Any]] = ()) -> str:
    """The address on the workspace's host that signs `by` in there; for members only.

    `at`: which of its addresses, `Tenant.url` when left out. `proof`: `step_up.proof_of` the
    session the person comes from, which the new one goes on with.
    """
    require("workspace.view", by=by, tenant=tenant)
    if not tenant.is_open:
        raise TicketRefused(f"{tenant} is {tenant.get_state_display().lower()}.")
    ticket = secrets.token_urlsafe(TOKEN_BYTES)
    values = {"user": str(by.pk), "schema": tenant.schema_name, "proof": list(proof)}
    held = json.dumps(values)
    _redis().set(_key(ticket), held, ex=SECONDS)
    return f"{at or tenant.url}/enter/?ticket={ticket}"


def redeem(*, ticket: str, tenant: Tenant) -> Admission:
    """The person the ticket was issued to; raises `TicketRefused` and burns the ticket."""
    held = _redis().getdel(_key(ticket))
    values = json.loads(held) if held else {}
    if values.get("schema") != tenant.schema_name:
        raise TicketRefused
    user = User.objects.filter(pk=values["user"], is_active=True).first()
    if user is None:
        raise TicketRefused
    return Admission(user, values.get("proof", []))


@cache
def _redis() -> Any:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def _key(ticket: str) -> str:
    return f"ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"
