"""Addresses that get no more mail: because it does not arrive, or is not wanted."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.core.actors import label_of
from apps.core.errors import Conflict, NotFound
from apps.mail.catalogue import CATEGORIES
from apps.mail.models import Message, OptOut, Suppression
from apps.tenants.access import require
from apps.tenants.models import Tenant


class AlreadyLifted(Conflict):
    code = "suppression_lifted"
    title = "This suppression has been lifted already"


class RecipientsWish(Conflict):
    """Whoever got the mail does not want more; nobody else undoes that for them."""

    code = "suppression_wished"
    title = "Its reader does not want this mail"


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
            action="mail.suppressed", by=None, schema_name=found.schema_name, target=found,
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


def find(*, tenant: Tenant, pk: Any) -> Suppression:
    """One of the workspace's mail. Raises `NotFound`."""
    found = Suppression.objects.of_workspace(tenant.schema_name).filter(pk=pk).first()
    if found is None:
        raise NotFound("This workspace's mail has no such suppressed address.")
    return found


def reopen(*, suppression: Suppression, tenant: Tenant, by: Any) -> Suppression:
    """Write to an address again that did not exist; what its reader wished is theirs to undo.
    Raises `RecipientsWish` and `AlreadyLifted`.
    """
    require("mail.lift", by=by, tenant=tenant)
    if not suppression.is_of_address:
        raise RecipientsWish(
            f"{suppression.address}: {suppression.get_reason_display().lower()}. They can have it "
            "lifted under Account, Mail, or by writing to us."
        )
    return lift(suppression=suppression, by=by, reason="Asked for by the workspace")


def of_person(person: User) -> QuerySet[Suppression]:
    """What keeps mail from somebody, newest first."""
    return Suppression.objects.in_force().filter(address=person.email.lower())


def want_again(*, by: User) -> int:
    """Mail that is kept from somebody comes again, as they wish; returns how much was."""
    with schema_context("public"), transaction.atomic():
        found = list(of_person(by))
        for suppression in found:
            lift(suppression=suppression, by=by, reason="Asked for by the recipient")
    return len(found)


def lift(*, suppression: Suppression, by: Any, reason: str) -> Suppression:
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
            action="mail.suppression_lifted", by=by, schema_name=found.schema_name, target=found,
            data={"reason": reason, "workspace": found.schema_name},
        )  # fmt: skip
        if settings.SENDGRID_API_KEY:
            lift_at_sendgrid.enqueue(by=by, schema_name="public", address=found.address)
    return found
