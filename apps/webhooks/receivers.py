"""What this floor hears from below and above: deeds that were put on record."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.audit.signals import entry_recorded
from apps.core.actors import label_of
from apps.jobs.models import JobRun
from apps.jobs.services.failures import Alert
from apps.jobs.services.schedules import Standing
from apps.jobs.signals import failures_told, job_failed, schedules_late
from apps.realtime.models import ChannelWebhook
from apps.realtime.signals import channel_webhook_given_up
from apps.tenants.models import Invitation, Tenant
from apps.tenants.signals import invitation_accepted
from apps.webhooks import catalogue, payloads
from apps.webhooks.services import events, health, operator_alerts


def connect() -> None:
    entry_recorded.connect(tell, sender=AuditEntry, dispatch_uid="webhooks-deed")
    job_failed.connect(tell_failed_job, sender=JobRun, dispatch_uid="webhooks-job-failed")
    channel_webhook_given_up.connect(
        mail_owners, sender=ChannelWebhook, dispatch_uid="webhooks-channel-webhook"
    )
    invitation_accepted.connect(
        tell_acceptance, sender=Invitation, dispatch_uid="webhooks-accepted"
    )
    failures_told.connect(tell_operators_of_failures, dispatch_uid="webhooks-failures-told")
    schedules_late.connect(tell_operators_of_lateness, dispatch_uid="webhooks-schedules-late")


def tell(entry: AuditEntry, target: Any, **_: Any) -> None:
    kind = catalogue.BY_DEED.get(entry.action)
    if kind is not None:
        events.emit(
            kind=kind, schema_name=entry.schema_name, by=entry.actor_label, at=entry.at,
            data=lambda: kind.build(entry, target),
        )  # fmt: skip


def tell_acceptance(invitation: Invitation, membership: Any, by: Any, **_: Any) -> None:
    """A deed with two sides: `member.joined` is on record, that an invitation led there is not."""
    data = payloads.InvitationData(
        id=str(invitation.pk), to=invitation.email or str(membership.user), role=membership.role
    )
    events.emit(
        kind=catalogue.TYPES["invitation.accepted"], schema_name=invitation.tenant.schema_name,
        by=label_of(by, nobody=""), at=timezone.now(), data=lambda: data,
    )  # fmt: skip


def mail_owners(webhook: ChannelWebhook, tenant: Tenant, **_: Any) -> None:
    """Of a realtime app's webhook that is told nothing more."""
    health.mail_owners(
        tenant=tenant, template="mail/channel_webhook_switched_off", webhook=webhook,
        url=f"{tenant.url}{webhook.get_absolute_url()}",
    )  # fmt: skip


def tell_failed_job(run: JobRun, **_: Any) -> None:
    """No deed of anybody. A chain or group is told of once, as the whole, when it has ended. Not of
    what sends webhooks: that would tell of itself for ever.
    """
    told = run.state == JobRun.State.FAILED and run.parent_id is None
    if told and not run.name.startswith("webhooks."):
        events.emit(
            kind=catalogue.TYPES["job.failed"], schema_name=run.schema_name, by=run.actor_label,
            at=timezone.now(), data=lambda: payloads.job(None, run),
        )  # fmt: skip


def tell_operators_of_failures(alert: Alert, **_: Any) -> None:
    operator_alerts.tell_failing(alert)


def tell_operators_of_lateness(late: list[Standing], **_: Any) -> None:
    operator_alerts.tell_late(late)
