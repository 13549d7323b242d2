"""The operators' own server is told what their mail says: jobs fail, schedules are late.

Signed as Standard Webhooks 1.0 wants it, sent by a job until it is taken, under the rules that hold
for customers' addresses (`core.external`).
"""

from __future__ import annotations

import json
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from apps.core import external
from apps.core.errors import VendorError
from apps.core.ids import uuid7
from apps.core.outgoing import Timeouts
from apps.jobs.services.failures import Alert
from apps.jobs.services.schedules import Standing
from apps.webhooks import signatures
from apps.webhooks.errors import NoOperatorWebhook

TASK: Final = "webhooks.tell_operators"
# With pauses of five minutes at most: for about an hour.
ATTEMPTS: Final = 18
PATIENCE: Final = Timeouts(connect=5, read=10, write=10, total=15)
KEPT_ANSWER: Final = 1_024
GONE: Final = 410


class NotTaken(VendorError):
    """The operators' server did not answer with 2xx; later it may."""

    code = "operator_webhook_not_taken"
    title = "The operators' webhook was not taken"


def tell_failing(alert: Alert) -> None:
    """That it is this very job which fails is only told by mail: it would tell of itself."""
    if alert.name != TASK:
        _tell("jobs.failing", {
            "reason": alert.kind, "sentence": alert.sentence, "task": alert.name,
            "code": alert.code, "detail": alert.detail, "failed": alert.failed,
            "ended": alert.ended, "job": alert.run_id,
            "url": f"{settings.PUBLIC_URL}/operator/jobs/jobrun/{alert.run_id}/change/",
        })  # fmt: skip


def tell_late(late: list[Standing]) -> None:
    _tell("schedules.late", {
        "sentence": f"Late: {', '.join(one.name for one in late)}.",
        "schedules": [{"name": one.name, "standing": one.words} for one in late],
        "url": f"{settings.PUBLIC_URL}/operator/django_celery_beat/periodictask/",
    })  # fmt: skip


def send_test() -> dict[str, Any]:
    """Send a message that only says that it is a test, here and once. Raises `NotTaken`,
    `external.AddressRefused`, or `NoOperatorWebhook` when no address is set.
    """
    if not settings.OPERATOR_WEBHOOK_URL:
        raise NoOperatorWebhook("Set OPERATOR_WEBHOOK_URL and OPERATOR_WEBHOOK_SECRET first.")
    return send(message=_new_message(), body=_body("test", {"sentence": "It works."}))


def send(*, message: str, body: str) -> dict[str, Any]:
    """One attempt, signed at this moment. Raises `NotTaken` where another may help, and
    `external.AddressRefused`.
    """
    url = settings.OPERATOR_WEBHOOK_URL
    if not url:
        return {"delivered": False, "problem": "There is no such webhook any more."}
    content = body.encode()
    headers = signatures.headers(
        message=message, at=timezone.now(), body=content, keys=settings.OPERATOR_WEBHOOK_SECRETS
    )
    try:
        reply = external.request("POST", url, headers=headers, content=content, timeout=PATIENCE,
                                 largest=KEPT_ANSWER, cut=True)  # fmt: skip
    except external.AddressRefused:
        raise
    except VendorError as error:
        is_gone = isinstance(error, external.VendorRefused) and error.reply.status == GONE
        raise NotTaken(error.detail, permanent=is_gone, retry_after=error.retry_after) from error
    return {"delivered": True, "status": reply.status}


def _tell(kind: str, data: dict[str, Any]) -> None:
    from apps.webhooks.tasks import tell_operators

    if settings.OPERATOR_WEBHOOK_URL:
        tell_operators.enqueue(
            by=None, schema_name="public", message=_new_message(), body=_body(kind, data)
        )


def _new_message() -> str:
    return signatures.message_id(uuid7())


def _body(kind: str, data: dict[str, Any]) -> str:
    message = {
        "type": kind, "version": 1, "timestamp": signatures.stamp(timezone.now()),
        "installation": settings.PUBLIC_URL, "data": data,
    }  # fmt: skip
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
