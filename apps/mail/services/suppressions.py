"""Addresses that get no more mail: because it does not arrive, or is not wanted."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.core.actors import label_of
from apps.core.errors import Conflict
from apps.mail.catalogue import CATEGORIES
from apps.mail.models import Message, OptOut, Suppression
from apps.tenants.access import Operator


class AlreadyLifted(Conflict):
    code = "suppression_lifted"
    title = "This suppression has been lifted already"


@transaction.atomic
def suppress(*, message: Message, reason: str, detail: str = "", address: str = "") -> Suppression:
    """No more mail of the message's workspace and stream goes to its address. One that is in
    force already is returned as it is.
    """
    place = {
        "schema_name": message.schema_name, "stream": message.stream,
        "address": (address or message.to).lower(),
    }  # fmt: skip
    found, is_new = Suppression.objects.get_or_create(
        **place, lifted_at=None,
        defaults={"reason": reason, "detail": detail[:300], "message": message},
    )  # fmt: skip
    if is_new:
        audit.record(
            action="mail.suppressed", by=None, schema_name="public", target=found,
            data={"workspace": message.schema_name, "stream": message.stream, "reason": reason},
        )  # fmt: skip
    return found


def objection(message: Message) -> str:
    """Why a mail is not to be sent, as a sentence, or ""."""
    address = message.to.lower()
    found = Suppression.objects.filter(
        schema_name=message.schema_name, stream=message.stream, address=address, lifted_at=None
    ).first()
    if found is not None:
        return f"{found.get_reason_display()}, since {found.created_at:%-d %B %Y}."
    category = CATEGORIES.get(message.category)
    if category is None or not category.optional:
        return ""
    if OptOut.objects.filter(address=address, category=category.key).exists():
        return f"The recipient does not want mail about {category.label.lower()}."
    return ""


def lift(*, suppression: Suppression, by: Operator | User, reason: str) -> Suppression:
    """Let mail through again, at SendGrid, too, which keeps lists of its own. Raises
    `AlreadyLifted`.
    """
    from apps.mail.tasks import lift_at_sendgrid

    with schema_context("public"), transaction.atomic():
        found = Suppression.objects.select_for_update().get(pk=suppression.pk)
        if found.lifted_at is not None:
            raise AlreadyLifted
        found.lifted_at, found.lifted_why = timezone.now(), reason
        found.lifted_by = label_of(by)
        found.save()
        audit.record(
            action="mail.suppression_lifted", by=by, schema_name="public", target=found,
            data={"reason": reason, "workspace": found.schema_name},
        )  # fmt: skip
        if settings.SENDGRID_API_KEY:
            lift_at_sendgrid.enqueue(by=by, schema_name="public", address=found.address)
    return found
