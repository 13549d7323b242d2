from __future__ import annotations

from celery import shared_task

from apps.core.errors import VendorError
from apps.jobs.models import JobRun
from apps.jobs.task import Job
from apps.mail import sendgrid_api
from apps.mail.models import SenderDomain
from apps.mail.services import messages, sender_domains, sender_setup


@shared_task(
    base=Job,
    bind=True,
    name="mail.send",
    job_queue="interactive",
    title="Send a mail",
    unique="{message_id}",  # not for ever: what was held is sent by another run
    lane="mail",
    metered=False,  # mails are counted as such
)
def send(self: Job, run: JobRun, *, message_id: str) -> None:
    """What no service takes in all attempts is held, not lost."""
    try:
        messages.deliver(message_id=message_id)
    except VendorError as error:
        if error.permanent or run.attempts < run.max_attempts:
            raise
        messages.hold(message_id=message_id, error=error)


@shared_task(name="mail.release", ignore_result=True)
def release() -> int:
    return messages.release()


@shared_task(name="mail.forget", ignore_result=True)
def forget() -> int:
    return messages.forget()


@shared_task(
    base=Job,
    bind=True,
    name="mail.check_sender_domain",
    job_queue="bulk",
    title="Look at a sender domain's records",
    unique="{domain_id}",
    metered=False,
)
def check_sender_domain(self: Job, run: JobRun, *, domain_id: str) -> dict[str, str]:
    domain = SenderDomain.objects.select_related("tenant").filter(pk=domain_id).first()
    return {"state": sender_domains.check(domain=domain) if domain else "removed"}


@shared_task(
    base=Job,
    bind=True,
    name="mail.prepare_sender_domain",
    job_queue="interactive",
    title="Tell SendGrid of a sender domain",
    unique="{domain_id}",
    max_attempts=10,
    metered=False,
)
def prepare_sender_domain(self: Job, run: JobRun, *, domain_id: str) -> dict[str, str]:
    try:
        return {"state": sender_setup.prepare(domain_id=domain_id)}
    except VendorError as error:
        sender_setup.note_delay(domain_id=domain_id, error=error)
        raise


@shared_task(name="mail.check_sender_domains", ignore_result=True)
def check_sender_domains() -> int:
    return len(sender_domains.start_checks())


@shared_task(
    base=Job,
    bind=True,
    name="mail.forget_at_sendgrid",
    job_queue="bulk",
    title="Have SendGrid forget a domain",
    idempotency="{vendor_id}",
    metered=False,
)
def forget_at_sendgrid(self: Job, run: JobRun, *, vendor_id: str) -> None:
    sendgrid_api.forget(vendor_id)


@shared_task(
    base=Job,
    bind=True,
    name="mail.lift_at_sendgrid",
    job_queue="interactive",
    title="Have SendGrid send to an address again",
    repeats=True,
    private=("address",),
    metered=False,
)
def lift_at_sendgrid(self: Job, run: JobRun, *, address: str) -> None:
    sendgrid_api.lift(address)
