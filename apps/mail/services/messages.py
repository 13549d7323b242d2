"""Mail written in the caller's transaction and sent by a job after commit."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.core.database import connection
from apps.mail import anymail_api
from apps.mail.models import Message
from apps.tenants.access import Operator
from apps.tenants.models import Tenant
from apps.usage.plans import MAILS
from apps.usage.services import limits, usage


def send(
    *,
    template: str,
    to: str,
    context: dict[str, Any],
    by: Any = None,
    schema_name: str | None = None,
) -> Message:
    """Write one mail and hand it to the `mail.send` job.

    `template` is the start of three template names: `<template>_subject.txt`, `_message.txt`
    and, when it has a design of its own, `_message.html`. `schema_name` is the workspace the
    mail is about; it counts as its usage. Raises `LimitReached` when a person or key (`by`) has
    it sent and there are to be no more; what the product writes by itself always leaves.
    """
    from apps.mail.tasks import send as send_task

    context = {"public_url": settings.PUBLIC_URL, **context}
    subject = " ".join(render_to_string(f"{template}_subject.txt", context).split())
    text = render_to_string(f"{template}_message.txt", context).strip() + "\n"
    pages = [f"{template}_message.html", "mail/plain_message.html"]
    html = render_to_string(pages, {**context, "subject": subject, "text": text})
    schema = schema_name or connection.schema_name
    with schema_context("public"), transaction.atomic():
        _count(schema, by)
        message = Message.objects.create(
            schema_name=schema,
            template=template,
            to=to,
            subject=subject[:200],
            text=text,
            html=html,
        )
        send_task.enqueue(by=by, schema_name=schema, message_id=str(message.pk))
    return message


def _count(schema_name: str, by: Any) -> None:
    if by is not None and not isinstance(by, Operator):
        tenant = Tenant.objects.filter(schema_name=schema_name).first()
        if tenant is not None:
            limits.require(MAILS, tenant=tenant)
    usage.count(schema_name=schema_name, metric=MAILS)


def deliver(*, message_id: str) -> Message:
    """Give a queued mail to the mail service; one that was sent already is left alone."""
    with schema_context("public"), transaction.atomic():
        message = Message.objects.select_for_update().get(pk=message_id)
        if message.state == Message.State.SENT:
            return message
        anymail_api.deliver(_as_mail(message))
        message.state, message.sent_at = Message.State.SENT, timezone.now()
        message.text = message.html = message.problem = ""
        message.save()
    return message


def mark_failed(*, message_id: str, detail: str) -> None:
    with schema_context("public"):
        Message.objects.filter(pk=uuid.UUID(message_id)).exclude(state=Message.State.SENT).update(
            state=Message.State.FAILED, problem=detail[:300]
        )


def _as_mail(message: Message) -> EmailMultiAlternatives:
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        to=[message.to],
        headers={"X-Message-Id": str(message.pk)},
    )
    mail.attach_alternative(message.html, "text/html")
    return mail
