"""What happened to a mail, and the state that follows from it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.mail.models import Message, MessageEvent

Kind = MessageEvent.Kind


def record(
    *,
    message: Message,
    kind: str,
    detail: str = "",
    at: datetime | None = None,
    provider: str = "",
    event_id: str | None = None,
) -> bool:
    """Note an event and derive the message's state; False when the same `event_id` was noted
    before. The caller holds the message's row and saves its other fields.
    """
    values = {
        "message": message, "kind": kind, "detail": detail[:300],
        "at": _not_before(message, at or timezone.now()), "provider": provider,
    }  # fmt: skip
    with transaction.atomic():
        if event_id is None:
            MessageEvent.objects.create(**values)
        else:
            _, is_new = MessageEvent.objects.get_or_create(event_id=event_id, defaults=values)
            if not is_new:
                return False
        state = following(message.state, kind)
        if state != message.state:
            message.state = state
            message.save(update_fields=["state"])
    return True


def note_sent(
    *,
    message: Message,
    provider: str,
    provider_id: str,
    sender: str = "",
    at: datetime | None = None,
    detail: str = "",
) -> None:
    """A service has taken it: what it said is forgotten. The caller holds the row."""
    message.sent_at, message.problem = _not_before(message, at or timezone.now()), ""
    message.provider, message.provider_id, message.sender = provider, provider_id, sender
    message.held_until = None
    if message.held_for == Message.Hold.OUTAGE:  # what was wished for is no time in the queue
        message.held_for = ""
    message.empty()
    # With the text in one go: the database keeps no text of what was sent.
    message.state = Message.State.SENT
    message.save()
    record(message=message, kind=Kind.SENT, at=message.sent_at, provider=provider, detail=detail)


def _not_before(message: Message, at: datetime) -> datetime:
    """Services tell whole seconds, and by their own clock: nothing happens to a mail before it was
    written, or had left.
    """
    return max(at, message.sent_at or message.created_at)


def following(state: str, kind: str) -> str:
    """The state of a mail in `state` to which `kind` happens. What has left never goes back to
    waiting; among what waits, the newest counts; of the rest, what says most.
    """
    if kind not in Message.ORDER:
        return state
    order = Message.ORDER.index
    if kind in Message.WAITING and state in Message.WAITING:
        return kind
    return max(state, kind, key=lambda each: order(Message.State(each)))
