"""Mail written in the caller's transaction and sent by a job after commit."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django_tenants.utils import schema_context

from apps.core.database import connection
from apps.core.errors import VendorError
from apps.mail import anymail_api, catalogue, letters
from apps.mail.models import Message
from apps.mail.services import choices, envelopes, senders, suppressions, timeline, waiting
from apps.mail.services.timeline import Kind
from apps.tenants.access import Operator
from apps.tenants.models import Tenant
from apps.usage.plans import MAILS
from apps.usage.services import limits, usage

HOLD = timedelta(minutes=1)  # after which the mail services are tried again


def send(
    *,
    template: str,
    to: str,
    context: dict[str, Any],
    by: Any = None,
    schema_name: str | None = None,
    idempotency_key: str | None = None,
    language: str | None = None,
) -> Message:
    """Write one mail and hand it to the `mail.send` job.

    `template` is a name of `apps.mail.catalogue`, `context` holds what that declares; objects may
    be given, of which only the declared is kept, as it reads in the mail's language. `schema_name`
    is the workspace the mail is about; it counts as its usage. With an `idempotency_key` that was
    used before, the earlier mail is returned. `language` is the active one unless it is given.
    Raises `MissingVariable`, and `LimitReached` when a person or key (`by`) has it sent and there
    are to be no more; what the product writes by itself always leaves.
    """
    mail = catalogue.find(template)
    schema = schema_name or connection.schema_name
    with schema_context("public"):
        wishes = waiting.wishes_of(to)
        chosen = language or (wishes and wishes.language) or translation.get_language() or "en"
        language = letters.language_of(chosen)
    with translation.override(language):
        values = mail.collect(context)
    with schema_context("public"):
        earlier = Message.objects.filter(idempotency_key=idempotency_key or None).first()
        if idempotency_key and earlier:
            return earlier
        message = Message(
            schema_name=schema, template=template, to=to, language=language,
            stream=mail.stream, category=mail.category.key, idempotency_key=idempotency_key,
            context=mail.encode(values),
        )  # fmt: skip
        with timezone.override(waiting.zone_of(wishes)):
            rendered = letters.render(mail, values, language=language, frame=_frame(message))
            message.subject = rendered.subject[:200]
            message.subject = envelopes.shown_subject(message)
        message.text, message.html = rendered.text, rendered.html
        return _queue(message, by, waiting.wait_for(message, wishes))


def _frame(message: Message) -> dict[str, str]:
    """What stands below the mail: only what can be declined leads to the choice."""
    unsubscribe = choices.address_of(message)
    preferences = f"{settings.PUBLIC_URL}/accounts/mail/" if unsubscribe else ""
    return {"unsubscribe_url": unsubscribe, "preferences_url": preferences}


def _queue(message: Message, by: Any, wait: tuple[str, datetime] | None) -> Message:
    """Raises `LimitReached`. Whoever loses a race for the idempotency key gets the winner's."""
    from apps.mail.tasks import send as send_task

    try:
        with transaction.atomic():
            message.save(force_insert=True)
            _count(message.schema_name, by)
            timeline.record(message=message, kind=Kind.QUEUED, at=message.created_at)
            if wait is None:
                send_task.enqueue(
                    by=by, schema_name=message.schema_name, message_id=str(message.pk)
                )
            else:
                message.held_for, message.held_until = wait
                message.save(update_fields=["held_for", "held_until"])
                timeline.record(
                    message=message, kind=Kind.HELD, detail=message.get_held_for_display()
                )
    except IntegrityError:
        if not message.idempotency_key:
            raise
        return Message.objects.get(idempotency_key=message.idempotency_key)
    return message


def _count(schema_name: str, by: Any) -> None:
    if by is not None and not isinstance(by, Operator):
        tenant = Tenant.objects.filter(schema_name=schema_name).first()
        if tenant is not None:
            limits.require(MAILS, tenant=tenant)
    usage.count(schema_name=schema_name, metric=MAILS)


def deliver(*, message_id: str) -> Message:
    """Give a queued mail to the mail service; one that has left already is left alone.

    Raises `MailNotSent` and `BreakerOpen`.
    """
    with schema_context("public"), transaction.atomic():
        message = Message.objects.select_for_update().get(pk=message_id)
        if message.state not in Message.WAITING:
            return message
        if _is_stale(message):
            timeline.record(message=message, kind=Kind.FAILED, detail="It would come too late.")
            message.problem = "It would come too late to be of use."
            message.empty()
        elif objection := suppressions.objection(message):
            _suppress(message, objection)
        else:
            _hand_over(message)
        message.save()
    return message


def _hand_over(message: Message) -> None:
    receipt = anymail_api.deliver(envelopes.wrap(message), senders.of(message.schema_name))
    timeline.note_sent(
        message=message, provider=receipt.provider, provider_id=receipt.message_id,
        sender=receipt.sender,
    )  # fmt: skip


def _is_stale(message: Message) -> bool:
    good_for = message.kind.good_for if message.kind else None
    return good_for is not None and timezone.now() - message.created_at > good_for


def hold(*, message_id: str, error: VendorError) -> None:
    """Keep a mail that no mail service takes now, until one does (`release`)."""
    with schema_context("public"), transaction.atomic():
        message = Message.objects.select_for_update().get(pk=message_id)
        if message.state in Message.WAITING:
            message.held_for, message.problem = Message.Hold.OUTAGE, error.detail[:300]
            wait = timedelta(seconds=error.retry_after or 0)
            message.held_until = timezone.now() + max(HOLD, wait)
            message.save()
            timeline.record(message=message, kind=Kind.HELD, detail=error.detail)


def release(*, limit: int = 500) -> int:
    """Queue what is held and due again, and write the digests; returns how many were due."""
    from apps.mail.tasks import send as send_task

    with schema_context("public"), transaction.atomic():
        due = Message.objects.select_for_update(skip_locked=True).due().order_by("held_until")
        found = list(due[:limit])
        for message in found:
            if message.held_for != Message.Hold.DIGEST:
                message.held_until = None
                message.save(update_fields=["held_until"])
                timeline.record(message=message, kind=Kind.QUEUED, detail="Tried again")
                send_task.enqueue(by=None, schema_name="public", message_id=str(message.pk))
        bundled = {m.to for m in found if m.held_for == Message.Hold.DIGEST}
        held = due.filter(held_for=Message.Hold.DIGEST, to__in=bundled)  # whole, however many
        for bundle in waiting.bundles(held):
            _bundle(bundle)
    return len(found)


def _bundle(held: list[Message]) -> None:
    """One digest in the place of the mails of one address; those that are not wanted any more are
    left out.
    """
    wanted = []
    for message in held:
        if objection := suppressions.objection(message):
            _suppress(message, objection)
        else:
            wanted.append(message)
    if not wanted:
        return
    with translation.override(wanted[-1].language):  # where the person has chosen none
        digest = send(
            template="mail/digest", to=wanted[0].to, schema_name="public",
            context={"count": len(wanted), "notices": [waiting.notice(m) for m in wanted]},
        )  # fmt: skip
    for message in wanted:
        message.sent_at, message.held_until = timezone.now(), None
        message.state = Message.State.SENT
        message.empty()
        message.save()
        timeline.record(message=message, kind=Kind.SENT, detail=f"In the digest {digest.pk}")


def _suppress(message: Message, objection: str) -> None:
    message.problem, message.held_until = objection, None
    message.empty()
    message.save()
    timeline.record(message=message, kind=Kind.SUPPRESSED, detail=objection)


def mark_failed(*, message_id: str, detail: str) -> None:
    with schema_context("public"), transaction.atomic():
        message = Message.objects.select_for_update().filter(pk=uuid.UUID(message_id)).first()
        if message is not None and message.state in Message.WAITING:
            message.problem = detail[:300]
            message.save(update_fields=["problem"])
            timeline.record(message=message, kind=Kind.FAILED, detail=detail)


def forget() -> int:
    """Remove what is older than the log is kept."""
    with schema_context("public"):
        return Message.objects.old().delete()[0]
