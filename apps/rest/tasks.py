from __future__ import annotations

from celery import shared_task

from apps.rest.services import stored_answers


@shared_task(name="rest.forget_answers", ignore_result=True)
def forget_answers() -> int:
    return stored_answers.forget()
