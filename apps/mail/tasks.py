from __future__ import annotations

from celery import shared_task

from apps.core.errors import VendorError
from apps.jobs.models import JobRun
from apps.jobs.task import Job
from apps.mail.services import messages


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
