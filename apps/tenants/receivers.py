"""What this floor hears from below."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.db.models.signals import post_delete
from django.http import HttpRequest
from django_celery_beat.models import PeriodicTask

from apps.accounts.models import User, UserSession
from apps.accounts.services import sessions
from apps.accounts.signals import operator_made, person_changed, session_ended
from apps.audit.services import entries as audit
from apps.jobs.models import Failure, JobRun
from apps.jobs.signals import (
    failure_muted,
    job_cancel_asked,
    job_discarded,
    job_failed,
    job_replayed,
    lane_opened,
    schedule_edited,
)
from apps.tenants.middleware import SESSION_WORKSPACE
from apps.tenants.models import Invitation, Membership, Tenant
from apps.tenants.services import onboarding
from apps.tenants.signals import configuration_changed, invitation_sent, workspace_opened


def connect() -> None:
    user_logged_in.connect(bind_session, dispatch_uid="bind-session")
    job_failed.connect(mark_failed, sender=JobRun, dispatch_uid="provisioning-failed")
    job_replayed.connect(note_replay, sender=JobRun, dispatch_uid="job-replayed")
    job_cancel_asked.connect(note_cancelling, sender=JobRun, dispatch_uid="job-cancel-asked")
    job_discarded.connect(note_discarding, sender=JobRun, dispatch_uid="job-discarded")
    schedule_edited.connect(note_schedule, dispatch_uid="schedule-edited")
    failure_muted.connect(note_muting, sender=Failure, dispatch_uid="failure-muted")
    lane_opened.connect(note_lane, dispatch_uid="lane-opened")
    operator_made.connect(record_operator, dispatch_uid="record-operator")
    person_changed.connect(record_person, dispatch_uid="record-person")
    session_ended.connect(record_ended_session, dispatch_uid="record-ended-session")
    post_delete.connect(end_sessions, sender=Membership, dispatch_uid="end-sessions-of-member")
    workspace_opened.connect(begin_onboarding, dispatch_uid="begin-onboarding")
    configuration_changed.connect(note_branding, dispatch_uid="note-branding")
    invitation_sent.connect(note_invitation, dispatch_uid="note-invitation")


def bind_session(request: HttpRequest | None, user: User, **_: Any) -> None:
    """A session belongs to the host it was opened on; elsewhere its cookie opens nothing."""
    if request is not None:
        tenant = getattr(request, "tenant", None)
        schema = request.session[SESSION_WORKSPACE] = tenant.schema_name if tenant else ""
        sessions.begin(request, user=user, schema_name=schema)


def mark_failed(run: JobRun, **_: Any) -> None:
    if run.name == "tenants.provision":
        # Sent in a transaction. A worker that was given up may be opening it in this moment.
        rows = Tenant.objects.select_for_update(no_key=True)
        wanted = {"provisioning_run_id": run.pk, "state": Tenant.State.PROVISIONING}
        tenant = rows.filter(**wanted).first()
        if tenant is not None:
            tenant.state = Tenant.State.FAILED
            tenant.save(update_fields=["state"])


def record_operator(user: User, by: Any, **_: Any) -> None:
    audit.record(action="operator.created", by=by, schema_name="public", target=user)


def record_person(user: User, by: Any, **_: Any) -> None:
    action = "person.let_in" if user.is_active else "person.locked_out"
    audit.record(action=action, by=by, schema_name="public", target=user)


def record_ended_session(session: UserSession, by: Any, **_: Any) -> None:
    """What the person did not do by signing out."""
    if session.ending != UserSession.Ending.SIGNED_OUT:
        audit.record(
            action="session.ended",
            by=by,
            schema_name=session.schema_name or "public",
            target=session.user,
            data={"device": str(session), "reason": session.get_ending_display()},
        )


def end_sessions(instance: Membership, **_: Any) -> None:
    """A membership takes its tokens along; what is left of pages says that one is no member."""
    held = UserSession.objects.live().filter(
        user_id=instance.user_id,
        schema_name=instance.tenant.schema_name,
        kind=UserSession.Kind.TOKEN,
    )
    with transaction.atomic():
        sessions.end(sessions=held, ending=UserSession.Ending.MEMBERSHIP, by=None)


def note_replay(run: JobRun, by: Any, **_: Any) -> None:
    audit.record(
        action="job.replayed", by=by, schema_name=run.schema_name, target=run, label=run.name
    )
    if run.name == "tenants.provision":
        Tenant.objects.filter(provisioning_run_id=run.pk, state=Tenant.State.FAILED).update(
            state=Tenant.State.PROVISIONING
        )


def note_cancelling(run: JobRun, by: Any, **_: Any) -> None:
    audit.record(
        action="job.cancelled", by=by, schema_name=run.schema_name, target=run, label=run.name
    )


def note_schedule(
    task: PeriodicTask, deed: str, changes: dict[str, Any], by: Any, **_: Any
) -> None:
    audit.record(
        action=f"schedule.{deed}", by=by, schema_name="public", target=task, label=task.name,
        data=changes,
    )  # fmt: skip


def note_discarding(run: JobRun, by: Any, reason: str, **_: Any) -> None:
    audit.record(
        action="job.discarded", by=by, schema_name=run.schema_name, target=run, label=run.name,
        data={"reason": reason},
    )  # fmt: skip


def note_muting(failure: Failure, until: datetime | None, by: Any, **_: Any) -> None:
    data = {"until": until.isoformat()} if until else {}
    audit.record(
        action="failure.muted" if until else "failure.unmuted", by=by, schema_name="public",
        target=failure, label=str(failure), data=data,
    )  # fmt: skip


def note_lane(lane: str, by: Any, **_: Any) -> None:
    audit.record(action="lane.opened", by=by, schema_name="public", label=lane)


def begin_onboarding(tenant: Tenant, **_: Any) -> None:
    """The demo has its own tour instead."""
    if tenant.slug != settings.DEMO_WORKSPACE:
        onboarding.begin(tenant=tenant, by=tenant.created_by)


def note_branding(tenant: Tenant, changes: dict[str, Any], by: Any, **_: Any) -> None:
    if {"accent", "mark"} & set(changes):
        onboarding.complete(schema_name=tenant.schema_name, step=onboarding.BRANDING.name, by=by)


def note_invitation(invitation: Invitation, by: Any, **_: Any) -> None:
    schema_name = invitation.tenant.schema_name
    onboarding.complete(schema_name=schema_name, step=onboarding.INVITE.name, by=by)
