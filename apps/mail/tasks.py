from __future__ import annotations

from celery import shared_task

from apps.jobs.models import JobRun
from apps.jobs.task import Job
from apps.mail.services import messages


@shared_task(
    base=Job,
    bind=True,
    name="mail.send",
    job_queue="interactive",
    title="Send a mail",
    metered=False,  # mails are counted as such
)
def send(self: Job, run: JobRun, *, message_id: str) -> None:
    messages.deliver(message_id=message_id)
