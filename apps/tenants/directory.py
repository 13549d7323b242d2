"""From a host name to its workspace, remembered in the shared cache."""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db import transaction
from django_tenants.utils import schema_context
from redis.exceptions import RedisError

from apps.tenants.models import Domain, Tenant

SECONDS = 60
NOBODY: dict[str, Any] = {}
FIELDS = tuple(field.attname for field in Tenant._meta.concrete_fields)
# Another release's entries have other fields: while both run, each keeps its own.
RELEASE = zlib.crc32(",".join(FIELDS).encode())


class Place(NamedTuple):
    """Where a host leads, and as what: `Domain.Kind` own, custom or former."""

    tenant: Tenant
    kind: str


def find(host: str) -> Place | None:
    """The workspace behind `host` (no port), or None. At most a minute behind the database,
    and never behind a change made through the models, which forget the entry at once. Without
    Redis the database is asked each time.
    """
    values = None
    with suppress(RedisError):
        values = cache.get(_key(host))
    if values is None:
        values = _look_up(host)
        with suppress(RedisError):
            cache.set(_key(host), values, SECONDS)
    if not values:
        return None
    return Place(Tenant.from_db("default", FIELDS, [values[f] for f in FIELDS]), values["kind_"])


def forget(*, instance: Tenant | Domain, **_: Any) -> None:
    """Receiver of the models' saves and deletes."""
    if isinstance(instance, Domain):
        hosts = [instance.domain]
    else:
        hosts = list(instance.domains.values_list("domain", flat=True)) if instance.pk else []

    def forget_hosts() -> None:
        # After the commit: what was done stands, and the entries end by themselves.
        with suppress(RedisError):
            cache.delete_many([_key(host) for host in hosts])

    transaction.on_commit(forget_hosts)


def _look_up(host: str) -> dict[str, Any]:
    with schema_context("public"):
        domain = Domain.objects.live().select_related("tenant").filter(domain=host).first()
    if domain is None:
        return NOBODY
    return {"kind_": domain.kind, **{name: getattr(domain.tenant, name) for name in FIELDS}}


def _key(host: str) -> str:
    return f"host:{RELEASE}:{host.lower()}"
