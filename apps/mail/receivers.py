"""What this floor hears from below: somebody wants a mail written."""

from __future__ import annotations

from typing import Any

from apps.accounts.models import User
from apps.accounts.signals import mail_wanted
from apps.jobs.models import JobRun
from apps.jobs.signals import job_failed
from apps.mail.services import messages
from apps.tenants.models import Invitation
from apps.tenants.signals import invitation_sent, workspace_opened


def connect() -> None:
    mail_wanted.connect(send_account_mail, dispatch_uid="mail-account")
    invitation_sent.connect(send_invitation, dispatch_uid="mail-invitation")
    workspace_opened.connect(send_welcome, dispatch_uid="mail-welcome")
    job_failed.connect(note_failure, sender=JobRun, dispatch_uid="mail-failed")


def send_account_mail(template: str, to: str, context: dict[str, Any], **_: Any) -> None:
    messages.send(template=template, to=to, context=context, schema_name="public")


def send_invitation(invitation: Invitation, url: str, by: User, **_: Any) -> None:
    messages.send(
        template="mail/invitation",
        to=invitation.email,
        context={"invitation": invitation, "tenant": invitation.tenant, "url": url, "by": by},
        by=by,
        schema_name=invitation.tenant.schema_name,
    )


def send_welcome(tenant: Any, **_: Any) -> None:
    messages.send(
        template="mail/welcome",
        to=tenant.created_by.email,
        context={"tenant": tenant, "person": tenant.created_by},
        schema_name=tenant.schema_name,
    )


def note_failure(run: JobRun, **_: Any) -> None:
    if run.name == "mail.send":
        detail = (run.problem or {}).get("detail", "")
        messages.mark_failed(message_id=run.arguments["message_id"], detail=detail)
