"""What a mail service tells us afterwards: delivered, bounced, marked as spam."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import structlog
from django.db import transaction
from django_tenants.utils import schema_context

from apps.mail.models import Message, MessageEvent, Suppression
from apps.mail.services import choices, suppressions, timeline

Kind = MessageEvent.Kind
Reason = Suppression.Reason
# Anymail's names of events (its "Event types"); others change nothing and are left out.
KINDS: Final = {
    "deferred": Kind.DEFERRED, "delivered": Kind.DELIVERED, "opened": Kind.OPENED,
    "clicked": Kind.OPENED, "bounced": Kind.BOUNCED, "rejected": Kind.BOUNCED,
    "complained": Kind.COMPLAINED, "unsubscribed": Kind.UNSUBSCRIBED,
}  # fmt: skip
ACCEPTED: Final = "queued"  # taken by the service, which its answer to us said already
LASTING_REJECTIONS: Final = ("bounced", "invalid")

log = structlog.get_logger(__name__)


def hear(
    *,
    kind: str,
    provider: str,
    metadata: Mapping[str, Any],
    message_id: str = "",
    event_id: str | None = None,
    at: datetime | None = None,
    detail: str = "",
    is_lasting: bool = False,
) -> bool:
    """Note one event of a service; `kind` is Anymail's word. False when nothing is new: it is
    known already, says nothing here, or is about no mail of ours. `is_lasting`: the address will
    not take mail tomorrow either.
    """
    if kind not in KINDS and kind != ACCEPTED:
        return False
    with schema_context("public"), transaction.atomic():
        message = _find(metadata, provider, message_id)
        if message is None:
            log.info("mail_event_unknown", provider=provider, kind=kind)
            return False
        is_settled = _settle(message, provider, message_id, at)
        if kind == ACCEPTED:
            return is_settled
        noted = KINDS[kind]
        if not timeline.record(
            message=message, kind=noted, at=at, detail=detail, provider=provider,
            event_id=f"{provider}:{event_id}" if event_id else None,
        ):  # fmt: skip
            return False
        _follow(message, noted, detail, is_lasting=is_lasting)
    return True


def _settle(message: Message, provider: str, message_id: str, at: datetime | None) -> bool:
    """Whether the service has a mail of which we do not know that it was given: the answer was
    lost, or the worker was killed before it noted it. It is not given a second time.
    """
    if message.state not in Message.WAITING:
        return False
    timeline.note_sent(
        message=message, provider=provider, provider_id=message_id, at=at,
        detail="Its answer was lost; it told of the mail afterwards",
    )  # fmt: skip
    return True


def _follow(message: Message, noted: str, detail: str, *, is_lasting: bool) -> None:
    if noted == Kind.BOUNCED and is_lasting:
        suppressions.suppress(message=message, reason=Reason.BOUNCE, detail=detail)
    elif noted == Kind.COMPLAINED:
        suppressions.suppress(message=message, reason=Reason.COMPLAINT, detail=detail)
    elif noted == Kind.UNSUBSCRIBED:
        choices.unsubscribe(message=message, is_noted=True)


def _find(metadata: Mapping[str, Any], provider: str, message_id: str) -> Message | None:
    """Locked, so that news of one mail waits for each other and for its sending."""
    rows = Message.objects.select_for_update()
    try:
        return rows.filter(pk=uuid.UUID(str(metadata["message"]))).first()
    except (KeyError, ValueError):
        known = rows.filter(provider=provider, provider_id=message_id)
        return known.first() if message_id else None
