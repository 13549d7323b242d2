"""From a host name to its workspace, remembered in the shared cache, and for a moment in each
process, which a busy host's requests have most of their answers from.
"""

from __future__ import annotations

import time
import zlib
from contextlib import suppress
from typing import Any, NamedTuple

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django_tenants.utils import schema_context
from redis.exceptions import RedisError

from apps.core.rows import copy_of
from apps.tenants.models import Domain, Tenant

SECONDS = 60
NOBODY: dict[str, Any] = {}
FIELDS = tuple(field.attname for field in Tenant._meta.concrete_fields)
# Another release's entries have other fields: while both run, each keeps its own.
RELEASE = zlib.crc32(",".join(FIELDS).encode())
MOST_AT_HAND = 10_000


class Place(NamedTuple):
    """Where a host leads, and as what: `Domain.Kind` own, custom or former."""

    tenant: Tenant
    kind: str


# Host to until when, by this process' clock, and what.
_at_hand: dict[str, tuple[float, Place]] = {}


def find(host: str) -> Place | None:
    """The workspace behind `host` (no port), or None. At most a minute behind the database, and
    HOST_MEMORY_SECONDS behind a change made through the models, which forget the entry at once.
    Without Redis the database is asked.
    """
    until, place = _at_hand.get(host, (0.0, None))
    if place is None or until < time.monotonic():
        values = _recall(host)
        if not values:  # anybody can think of hosts that do not exist: they are not kept at hand
            return None
        row = Tenant.from_db("default", FIELDS, [values[name] for name in FIELDS])
        place = Place(row, values["kind_"])
        _keep_at_hand(host, place)
    return Place(copy_of(place.tenant), place.kind)


def forget(*, instance: Tenant | Domain, **_: Any) -> None:
    """Receiver of the models' saves and deletes."""
    if isinstance(instance, Domain):
        hosts = [instance.domain]
    else:
        hosts = list(instance.domains.values_list("domain", flat=True)) if instance.pk else []

    def forget_hosts() -> None:
        for host in hosts:
            _at_hand.pop(host, None)
        # After the commit: what was done stands, and the entries end by themselves.
        with suppress(RedisError):
            cache.delete_many([_key(host) for host in hosts])

    transaction.on_commit(forget_hosts)


def _recall(host: str) -> dict[str, Any]:
    with suppress(RedisError):
        known: dict[str, Any] | None = cache.get(_key(host))
        if known is not None:
            return known
    values = _look_up(host)
    with suppress(RedisError):
        cache.set(_key(host), values, SECONDS)
    return values


def _keep_at_hand(host: str, place: Place) -> None:
    if settings.HOST_MEMORY_SECONDS:
        if len(_at_hand) >= MOST_AT_HAND:
            _at_hand.clear()
        _at_hand[host] = time.monotonic() + settings.HOST_MEMORY_SECONDS, place


def _look_up(host: str) -> dict[str, Any]:
    with schema_context("public"):
        domain = Domain.objects.live().select_related("tenant").filter(domain=host).first()
    if domain is None:
        return NOBODY
    return {"kind_": domain.kind, **{name: getattr(domain.tenant, name) for name in FIELDS}}


def _key(host: str) -> str:
    return f"host:{RELEASE}:{host.lower()}"
