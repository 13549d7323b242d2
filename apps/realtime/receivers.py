from __future__ import annotations

from typing import Any

import structlog
from celery.signals import worker_process_shutdown
from django.db import transaction
from django.dispatch import receiver
from django_tenants.utils import get_public_schema_name

from apps.jobs.models import JobRun
from apps.jobs.signals import job_changed
from apps.realtime import outlets, publisher, relay
from apps.realtime.authorisation import user_id_of
from apps.realtime.events import JobChanged
from apps.realtime.models import ChannelWebhook, Errand, RealtimeApp
from apps.realtime.pusher_api import RealtimeError
from apps.realtime.services import realtime_apps
from apps.tenants.models import Membership, Tenant
from apps.tenants.signals import (
    deletion_asked,
    deletion_undone,
    membership_ended,
    workspace_purging,
    workspace_read_only,
    workspace_resumed,
    workspace_suspended,
    workspace_writable,
)

log = structlog.get_logger(__name__)

# Long problems stay in the job's record: an event holds ten kilobytes.
PROBLEM_MEMBERS = ("code", "title", "detail")


@receiver(job_changed, dispatch_uid="realtime.job_changed")
def publish_job(*, run: JobRun, **_: Any) -> None:
    """Jobs of the public schema have no workspace to tell: only whoever asked for them."""
    of_workspace = run.schema_name != get_public_schema_name()
    publisher.publish_soon(
        JobChanged(
            schema_name=run.schema_name if of_workspace else None,
            actor_id=run.actor_id,
            id=run.pk,
            job=run.name,
            state=run.state,
            progress=run.progress,
            message=run.message,
            problem=_brief(run.problem),
            parent=run.parent_id,
        )
    )


@worker_process_shutdown.connect(dispatch_uid="realtime.process_ends")
def write_held(**_: Any) -> None:
    """A process of a worker's pool, which the interpreter's own `atexit` does not know of."""
    relay.write_held()


@receiver(workspace_purging, dispatch_uid="realtime.workspace_purging")
def forget_errands(*, schema_name: str, **_: Any) -> None:
    Errand.objects.filter(schema_name=schema_name).delete()
    apps = RealtimeApp.objects.filter(tenant__schema_name=schema_name)
    ChannelWebhook.objects.filter(app_id__in=apps.values("app_id")).delete()


@receiver(membership_ended, dispatch_uid="realtime.membership_ended")
def end_connections(*, membership: Membership, **_: Any) -> None:
    """Whoever has left hears nothing more, on pages that are still open either."""
    schema_name = membership.tenant.schema_name
    user_id = user_id_of(user_id=membership.user_id, schema_name=schema_name)
    transaction.on_commit(lambda: _disconnect(user_id))


@receiver(
    [
        workspace_suspended,
        workspace_resumed,
        workspace_read_only,
        workspace_writable,
        deletion_asked,
        deletion_undone,
    ],
    dispatch_uid="realtime.workspace_state",
)
def follow_workspace(*, tenant: Tenant, **_: Any) -> None:
    """The apps of a workspace that is closed are closed with it."""
    app_ids = list(RealtimeApp.objects.filter(tenant=tenant).values_list("app_id", flat=True))
    transaction.on_commit(lambda: realtime_apps.announce(app_ids))


def _disconnect(user_id: str) -> None:
    try:
        outlets.disconnect(user_id)
    except RealtimeError as error:
        log.warning("realtime_connections_not_closed", user=user_id, error=error.detail)


def _brief(problem: dict[str, Any] | None) -> dict[str, Any] | None:
    if problem is None:
        return None
    return {name: str(problem[name])[:1_000] for name in PROBLEM_MEMBERS if name in problem}
