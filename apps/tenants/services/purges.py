"""Removing a closed workspace for good, so that a run killed anywhere is finished by the next.

The state `purging`, committed first, is the point of no return; the workspace's own row goes last
and takes members, hosts, invitations and keys with it. Audit entries and job runs stay.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.audit.services import entries as audit
from apps.fleet.services import schemas
from apps.jobs.models import JobRun
from apps.tenants import signals
from apps.tenants.errors import NotInThisState, StillWorking
from apps.tenants.middleware import SESSION_WORKSPACE
from apps.tenants.models import Departure, Tenant


def due() -> list[Tenant]:
    """Closed workspaces whose time is over, and those whose removal was interrupted."""
    over = Q(state=Tenant.State.DELETING, purge_at__lte=timezone.now())
    found = Tenant.objects.filter(over | Q(state=Tenant.State.PURGING))
    busy = JobRun.objects.filter(name="tenants.purge_one", finished_at=None)
    under_way = set(busy.values_list("arguments__tenant_id", flat=True))
    return [tenant for tenant in found if tenant.pk not in under_way]


def carry_out(*, tenant_id: int) -> bool:
    """Remove the workspace; False when it is gone already. Raises `NotInThisState` before its
    time, `StillWorking` while jobs of it run.
    """
    with schema_context("public"):
        tenant = _begin(tenant_id)
        if tenant is None:
            return False
        _rest(tenant.schema_name)
        schemas.drop(schema_name=tenant.schema_name)
        signals.workspace_purging.send(sender=Tenant, schema_name=tenant.schema_name)
        _forget_cache(tenant.schema_name)
        _end_sessions(tenant.schema_name)
        _finish(tenant)
    return True


def _begin(tenant_id: int) -> Tenant | None:
    with transaction.atomic():
        rows = Tenant.objects.select_for_update(no_key=True)
        tenant: Tenant | None = rows.filter(pk=tenant_id).first()
        if tenant is None or tenant.state == Tenant.State.PURGING:
            return tenant
        over = tenant.purge_at is not None and tenant.purge_at <= timezone.now()
        if tenant.state != Tenant.State.DELETING or not over:
            raise NotInThisState(f"{tenant} is not to be removed yet.")
        tenant.state = Tenant.State.PURGING
        tenant.save(update_fields=["state"])
        kept_for = timedelta(days=settings.TENANT_FORMER_ADDRESS_DAYS)
        Departure.objects.create(
            schema_name=tenant.schema_name, slug=tenant.slug, name=tenant.name,
            asked_by=tenant.deletion_asked_by, reason=tenant.deletion_reason,
            address_free_at=timezone.now() + kept_for,
        )  # fmt: skip
    return tenant


def _rest(schema_name: str) -> None:
    """Nothing new begins in the workspace; what runs is waited for."""
    runs = JobRun.objects.of_workspace(schema_name)
    runs.filter(state=JobRun.State.QUEUED).update(
        state=JobRun.State.CANCELLED,
        finished_at=timezone.now(),
        message="The workspace has been deleted.",
    )
    if runs.filter(state=JobRun.State.RUNNING).exists():
        raise StillWorking(
            "Jobs of this workspace still run. Removing it goes on by itself when they have ended.",
            retry_after=10.0,
        )


def _forget_cache(schema_name: str) -> None:
    """Whatever the shared cache keeps under this workspace's keys."""
    about = settings.CACHES["workspace"]
    with redis.Redis.from_url(about["LOCATION"], socket_timeout=5) as client:
        for key in client.scan_iter(match=f"{schema_name}:{about['KEY_PREFIX']}:*", count=1000):
            client.delete(key)


def _end_sessions(schema_name: str) -> None:
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator(500):
        if session.get_decoded().get(SESSION_WORKSPACE) == schema_name:
            session.delete()


def _finish(tenant: Tenant) -> None:
    owners = list(tenant.memberships.owners().values_list("user__email", flat=True))
    with transaction.atomic():
        Departure.objects.filter(pk=tenant.schema_name).update(finished_at=timezone.now())
        audit.record(
            action="workspace.deleted", by=None, schema_name=tenant.schema_name, target=tenant,
            data={"asked_by": tenant.deletion_asked_by},
        )  # fmt: skip
        signals.workspace_purged.send(sender=Tenant, tenant=tenant, owners=owners)
        tenant.delete()


def start(*, tenant: Tenant, by: Any = None) -> JobRun:
    """Have `carry_out` done by a job."""
    from apps.tenants.tasks import purge_one

    run: JobRun = purge_one.enqueue(by=by, schema_name="public", tenant_id=tenant.pk)
    return run
