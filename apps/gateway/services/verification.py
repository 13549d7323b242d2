"""Is this secret a key of this workspace? Asked with every request, so mostly from memory.

What a process knows of a key is `KEY_MEMORY_SECONDS` (one) old at most: however the news of a
revocation travels, or does not, after that second the database is asked. In the process that
revokes it counts at once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.core.rows import copy_of
from apps.gateway import key_format, networks
from apps.gateway.errors import KeyMalformed, KeyRefused, NetworkRefused
from apps.gateway.models import ApiKey
from apps.tenants.models import Tenant

MOST_KNOWN = 10_000
USE_NOTED_EVERY = timedelta(minutes=1)
FIELDS: Final = tuple(field.attname for field in ApiKey._meta.concrete_fields)
# Written out: asked by each process once a second for each key in use, it costs the ORM more to
# put into words than the database to answer.
LOOK_UP: Final = f"""
SELECT {", ".join(f'"{field.column}"' for field in ApiKey._meta.concrete_fields)}
FROM "{ApiKey._meta.db_table}"
WHERE secret_hash = %s OR (former_hash = %s AND former_until > %s) LIMIT 1
"""  # noqa: S608 -- names of columns, declared by the model


@dataclass
class Known:
    """`until` by this process' clock. A key stays known beyond it, but is asked for anew."""

    until: float
    key: ApiKey


_known: dict[str, Known] = {}


def verify(*, secret: str, tenant: Tenant, address: str) -> tuple[ApiKey, bool]:
    """The usable key of this workspace with this secret, and whether the secret is the one before
    the last rotation. Raises `KeyMalformed`, `KeyRefused` or `NetworkRefused`.
    """
    digest = key_format.digest(secret)
    if digest not in _known and not key_format.is_well_formed(secret):
        raise KeyMalformed(
            "The key was cut short or has a typing mistake: its end does not fit the rest. "
            "Copy the whole of it again."
        )
    key = _recall(digest)
    if key is None or key.tenant_id != tenant.pk or not _works(key, digest):
        raise KeyRefused("This API key is unknown here, expired or revoked.")
    if key.networks and not networks.includes(key.networks, address):
        raise NetworkRefused(
            f"This key may be used from {', '.join(key.networks)} only, and this request came "
            f"from {address or 'an unknown address'}.",
            address=address,
        )
    mine = copy_of(key)
    mine.tenant = tenant
    return mine, digest == key.former_hash


def note_use(*, key: ApiKey, address: str, is_former: bool) -> None:
    """When and from where it was used last; written once a minute at most."""
    now = timezone.now()
    last = key.former_used_at if is_former else key.last_used_at
    if last is not None and now - last < USE_NOTED_EVERY:
        return
    values: dict[str, Any] = {"last_used_at": now, "last_used_address": address or None}
    if is_former:
        values["former_used_at"] = now
    ApiKey.objects.filter(pk=key.pk).update(**values)
    for known in _known.values():
        if known.key.pk == key.pk:
            vars(known.key).update(values)


def is_known(secret: str) -> bool:
    """Whether this process has seen it as a key of this installation."""
    return key_format.digest(secret) in _known


def forget(*, key: ApiKey | None = None) -> None:
    """Ask the database anew for this key, or for all, in this process: now, and again once the
    change is committed.
    """
    _drop(key)
    transaction.on_commit(lambda: _drop(key))


def _drop(key: ApiKey | None) -> None:
    for digest, known in list(_known.items()):
        if key is None or known.key.pk == key.pk:
            _known.pop(digest, None)


def _recall(digest: str) -> ApiKey | None:
    known, now = _known.get(digest), time.monotonic()
    if known is not None and now < known.until:
        return known.key
    key = _look_up(digest)
    if key is None:
        _known.pop(digest, None)
    elif settings.KEY_MEMORY_SECONDS:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[digest] = Known(now + settings.KEY_MEMORY_SECONDS, key)
    return key


def _look_up(digest: str) -> ApiKey | None:
    """As `ApiKey.objects.of_secret`."""
    with connection.cursor() as cursor:
        cursor.execute(LOOK_UP, [digest, digest, timezone.now()])
        row = cursor.fetchone()
    return ApiKey.from_db("default", FIELDS, row) if row else None


def _works(key: ApiKey, digest: str) -> bool:
    """By the clock of now, not of when it was read."""
    now = timezone.now()
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        return False
    if digest == key.former_hash:
        return key.former_until is not None and key.former_until > now
    return True
