"""How much there is now, of what is not counted but looked at.

An app above says how in its `AppConfig.ready`:

    gauges.register("storage_bytes", bytes_stored)   # of the workspace it is called in
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from django.db import connection
from django.db.models import Count, Q
from django_tenants.utils import schema_context

from apps.tenants.models import Membership, Tenant
from apps.tenants.permissions import STAFF_ROLES
from apps.usage.plans import DATABASE, MEMBERS, METRICS, SCHOOLS, STAFF

SIZES: Final = """
SELECT n.nspname, sum(pg_total_relation_size(c.oid))::bigint
FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
WHERE n.nspname = ANY(%s) AND c.relkind = 'r' GROUP BY n.nspname
"""
# The states in which a workspace's schema can be relied upon to stand.
LOOKED_AT: Final = (Tenant.State.ACTIVE, Tenant.State.SUSPENDED, Tenant.State.DELETING)
_readers: dict[str, Callable[[], int]] = {}


def register(metric: str, read: Callable[[], int]) -> None:
    """`read` answers for the present workspace; it must take one cheap query."""
    if not METRICS[metric].gauge:
        raise LookupError(f"{metric} is counted, not looked at")
    _readers[metric] = read


def registered() -> Iterable[str]:
    return _readers


def read(metric: str, *, schema_name: str) -> int:
    """A registered gauge in one workspace; 0 where no app has registered it."""
    if metric not in _readers:
        return 0
    with schema_context(schema_name):
        return _readers[metric]()


def people(*, schema_names: Iterable[str]) -> dict[str, dict[str, int]]:
    """Members and, of them, staff, by metric and workspace; one query."""
    seated = Membership.objects.seated().filter(tenant__schema_name__in=list(schema_names))
    rows = seated.order_by().values_list("tenant__schema_name")
    of_staff = Count("pk", filter=Q(role__in=STAFF_ROLES))
    counted = rows.annotate(members=Count("pk"), staff=of_staff)
    found: dict[str, dict[str, int]] = {MEMBERS: {}, STAFF: {}}
    for name, members, staff in counted:
        found[MEMBERS][name], found[STAFF][name] = members, staff
    return found


def schools(*, schema_names: Iterable[str]) -> dict[str, int]:
    rows = Tenant.objects.filter(parent__schema_name__in=list(schema_names)).order_by()
    return dict(rows.values_list("parent__schema_name").annotate(Count("pk")))


def database_sizes(*, schema_names: Iterable[str]) -> dict[str, int]:
    """Bytes on disk of tables with their indexes; about a millisecond for a workspace."""
    with connection.cursor() as cursor:
        cursor.execute(SIZES, [list(schema_names)])
        return dict(cursor.fetchall())


# What is looked at in the public schema, for many workspaces in one query.
SHARED: Final[dict[str, Callable[..., dict[str, int]]]] = {
    MEMBERS: lambda *, schema_names: people(schema_names=schema_names)[MEMBERS],
    STAFF: lambda *, schema_names: people(schema_names=schema_names)[STAFF],
    SCHOOLS: schools,
    DATABASE: database_sizes,
}
