"""What this floor hears from below: somebody wants a mail written."""

from __future__ import annotations

from functools import partial
from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_changed
from django.conf import settings

from apps.accounts.models import User
from apps.accounts.signals import address_replaced, mail_wanted
from apps.fleet.models import Rollout
from apps.fleet.signals import rollout_stopped
from apps.jobs.models import Failure, JobRun
from apps.jobs.services.failures import Alert
from apps.jobs.services.schedules import Standing
from apps.jobs.signals import failures_told, job_failed, schedules_late
from apps.mail.services import choices, messages, owners, sender_setup
from apps.tenants.localisation import in_the_words_of
from apps.tenants.models import Domain, Invitation, OwnershipTransfer, Tenant
from apps.tenants.signals import (
    deletion_asked,
    deletion_near,
    deletion_undone,
    domain_switched_off,
    domain_unseen,
    invitation_sent,
    ownership_accepted,
    ownership_offered,
    workspace_opened,
    workspace_purged,
    workspace_renamed,
    workspace_resumed,
    workspace_suspended,
)
from apps.usage.signals import limit_near

# What owners are told of, each by the mail of its name.
NOTICES = {
    "workspace_suspended": workspace_suspended,
    "workspace_resumed": workspace_resumed,
    "workspace_renamed": workspace_renamed,
    "deletion_asked": deletion_asked,
    "deletion_undone": deletion_undone,
    "deletion_near": deletion_near,
    "limit_near": limit_near,
}
TOLD = ("former_host", "domain", "state", "threshold")  # what their texts may name of a signal
OWNERSHIP_NOTICES = {
    "ownership_offered": ownership_offered,
    "ownership_accepted": ownership_accepted,
}
DOMAIN_NOTICES = {"domain_unseen": domain_unseen, "domain_switched_off": domain_switched_off}


def connect() -> None:
    mail_wanted.connect(send_account_mail, dispatch_uid="mail-account")
    email_changed.connect(follow_change, dispatch_uid="mail-email_changed")
    address_replaced.connect(follow_replacement, sender=User, dispatch_uid="mail-address_replaced")
    invitation_sent.connect(send_invitation, dispatch_uid="mail-invitation")
    workspace_opened.connect(send_welcome, dispatch_uid="mail-welcome")
    for template, signal in NOTICES.items():
        notice = partial(tell_owners, f"mail/{template}")
        signal.connect(notice, weak=False, dispatch_uid=f"mail-{template}")
    for template, signal in DOMAIN_NOTICES.items():
        notice = partial(tell_of_domain, f"mail/{template}")
        signal.connect(notice, weak=False, dispatch_uid=f"mail-{template}")
    for template, signal in OWNERSHIP_NOTICES.items():
        notice = partial(tell_of_ownership, f"mail/{template}")
        signal.connect(notice, weak=False, dispatch_uid=f"mail-{template}")
    workspace_purged.connect(tell_of_end, dispatch_uid="mail-workspace_deleted")
    failures_told.connect(tell_of_failures, sender=Failure, dispatch_uid="mail-failures_told")
    schedules_late.connect(tell_of_lateness, dispatch_uid="mail-schedules_late")
    rollout_stopped.connect(tell_operators, sender=Rollout, dispatch_uid="mail-rollout_stopped")
    job_failed.connect(note_failure, sender=JobRun, dispatch_uid="mail-failed")


def follow_change(
    from_email_address: EmailAddress, to_email_address: EmailAddress, **_: Any
) -> None:
    choices.follow(former=from_email_address.email, address=to_email_address.email)


def follow_replacement(user: User, former: str, **_: Any) -> None:
    choices.follow(former=former, address=user.email)


def send_account_mail(template: str, to: str, context: dict[str, Any], **_: Any) -> None:
    if not to:  # somebody without an e-mail has no mailbox
        return
    messages.send(template=template, to=to, context=context, schema_name="public")


def send_invitation(invitation: Invitation, url: str, by: User, **_: Any) -> None:
    with in_the_words_of(invitation.tenant):
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


def tell_owners(template: str, tenant: Tenant, by: Any = None, **about: Any) -> None:
    if about.get("for_payment"):  # payments tell of what is unpaid, with what to do about it
        return
    context = {"tenant": tenant, "former_days": settings.TENANT_FORMER_ADDRESS_DAYS}
    context |= {name: value for name, value in about.items() if name in TOLD}
    owners.tell(template=template, tenant=tenant, context=context, by=by)


def tell_of_ownership(template: str, transfer: OwnershipTransfer, **_: Any) -> None:
    """Both hear of it, and nobody else: whoever gives could have lost their account to a thief."""
    tenant = transfer.tenant
    for person in (transfer.giver, transfer.taker):
        with in_the_words_of(tenant):
            context = {"transfer": transfer, "tenant": tenant}
            messages.send(template=template, to=person.email, context=context, schema_name="public")


def tell_of_domain(template: str, domain: Domain, **_: Any) -> None:
    tell_owners(template, domain.tenant, domain=domain)


def tell_of_end(tenant: Tenant, owners: list[str], **_: Any) -> None:
    for email in owners:
        messages.send(
            template="mail/workspace_deleted",
            to=email,
            context={"tenant": tenant},
            schema_name="public",
        )


def tell_operators(rollout: Rollout, **_: Any) -> None:
    _send_operators("mail/rollout_stopped", {"rollout": rollout})


def tell_of_failures(alert: Alert, **_: Any) -> None:
    _send_operators("mail/jobs_failing", {"alert": alert})


def tell_of_lateness(late: list[Standing], **_: Any) -> None:
    shown = [{"name": one.name, "words": one.words} for one in late]
    _send_operators("mail/schedules_late", {"late": shown})


def _send_operators(template: str, context: dict[str, Any]) -> None:
    operators = User.objects.filter(is_staff=True, is_active=True)
    for email in operators.values_list("email", flat=True):
        messages.send(template=template, to=email, context=context, schema_name="public")


def note_failure(run: JobRun, **_: Any) -> None:
    detail = (run.problem or {}).get("detail", "")
    if run.name == "mail.send":
        messages.mark_failed(message_id=run.arguments["message_id"], detail=detail)
    if run.name == "mail.prepare_sender_domain":
        sender_setup.note_failure(domain_id=run.arguments["domain_id"], detail=detail)
