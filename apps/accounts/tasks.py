from __future__ import annotations

from celery import shared_task

from apps.accounts.services import sessions


@shared_task(name="accounts.forget_sessions")
def forget_sessions() -> None:
    sessions.forget()
