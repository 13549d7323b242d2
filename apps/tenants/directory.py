"""From a host name to its workspace, remembered in the shared cache."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django_tenants.utils import schema_context
from redis.exceptions import RedisError

from apps.tenants.models import Domain, Tenant

SECONDS = 60
NOBODY: dict[str, Any] = {}


def find(host: str) -> Tenant | None:
    """The workspace behind `host` (no port), or None. At most a minute behind the database,
    and never behind a change made through the models, which forget the entry at once. Without
    Redis the database is asked each time.
    """
    values = None
    with suppress(RedisError):
        values = cache.get(_key(host))
    if values is None:
        with schema_context("public"):
            values = Tenant.objects.filter(domains__domain=host).values().first() or NOBODY
        with suppress(RedisError):
            cache.set(_key(host), values, SECONDS)
    return Tenant.from_db("default", list(values), list(values.values())) if values else None


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


def _key(host: str) -> str:
    return f"host:{host.lower()}"
