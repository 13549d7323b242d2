"""What people want to get: by category, in the preference centre or by one click in a mail."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django_tenants.utils import schema_context

from apps.accounts.models import User
from apps.core.errors import NotFound
from apps.mail.catalogue import BROADCAST, CATEGORIES, Category
from apps.mail.models import Message, MessageEvent, OptOut, Suppression, Wishes
from apps.mail.services import suppressions, timeline, waiting

SALT: Final = "mail.unsubscribe"
PUBLIC: Final = "config.urls_public"
OPTIONAL: Final = {key: category for key, category in CATEGORIES.items() if category.optional}


def declined(address: str) -> set[str]:
    """The optional categories that `address` does not want."""
    found = OptOut.objects.filter(address=address.lower(), category__in=OPTIONAL)
    return set(found.values_list("category", flat=True))


@transaction.atomic
def choose(*, by: User, wanted: Collection[str], wishes: Wishes | None = None) -> None:
    """Get the optional categories in `wanted`, and no other, as `wishes` says. Mail that was
    unsubscribed from as a whole comes again with its category.
    """
    address = by.email.lower()
    if wishes is not None:
        wishes.save()
        waiting.put_off_anew(wishes, address)
    OptOut.objects.filter(address=address).delete()
    unwanted = [OptOut(address=address, category=key) for key in OPTIONAL if key not in wanted]
    OptOut.objects.bulk_create(unwanted)
    if any(OPTIONAL[key].stream == BROADCAST for key in wanted if key in OPTIONAL):
        for left in Suppression.objects.filter(
            address=address, reason=Suppression.Reason.UNSUBSCRIBE, lifted_at=None
        ):
            suppressions.lift(suppression=left, by=by, reason="Chosen again by the recipient")


def follow(*, former: str, address: str) -> None:
    """What somebody chose, and what waits for them, goes with them to another address."""
    if former.lower() == address.lower():
        return
    with schema_context("public"), transaction.atomic():
        left = OptOut.objects.filter(address=former.lower())
        kept = [OptOut(address=address.lower(), category=each.category) for each in left]
        OptOut.objects.bulk_create(kept, ignore_conflicts=True)
        left.delete()
        Message.objects.filter(state=Message.State.HELD, to__iexact=former).update(to=address)


def unsubscribe(*, message: Message, is_noted: bool = False) -> Category | None:
    """Send the recipient no more of the message's category; None when it always comes. It stands
    in the mail's timeline, where it may be noted already.
    """
    category = OPTIONAL.get(message.category)
    if category is None:
        return None
    with schema_context("public"), transaction.atomic():
        _, is_new = OptOut.objects.get_or_create(address=message.to.lower(), category=category.key)
        if is_new and not is_noted:
            timeline.record(
                message=message, kind=MessageEvent.Kind.UNSUBSCRIBED, detail="By the link in it"
            )
        if message.stream == BROADCAST:
            suppressions.suppress(message=message, reason=Suppression.Reason.UNSUBSCRIBE)
    return category


def is_unsubscribed(message: Message) -> bool:
    """Whether the recipient gets no more of the message's category."""
    return message.category in declined(message.to)


def subscribe_again(*, message: Message) -> None:
    """Undo `unsubscribe`."""
    address = message.to.lower()
    with schema_context("public"), transaction.atomic():
        OptOut.objects.filter(address=address, category=message.category).delete()
        for left in (
            Suppression.objects.of_workspace(message.schema_name)
            .in_force()
            .filter(address=address, stream=message.stream, reason=Suppression.Reason.UNSUBSCRIBE)
        ):
            suppressions.lift(suppression=left, by=None, reason="Chosen again by the recipient")


def address_of(message: Message) -> str:
    """Where one click unsubscribes from the message's category, or "" where it always comes."""
    if message.category not in OPTIONAL:
        return ""
    token = signing.dumps(str(message.pk), salt=SALT)
    return settings.PUBLIC_URL + reverse("mail_unsubscribe", args=[token], urlconf=PUBLIC)


def message_of(token: str) -> Message:
    """The mail whose link holds `token`, for as long as the log keeps it. Raises `NotFound`."""
    try:
        pk = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise NotFound("This link is not one of ours, or not complete.") from error
    message = Message.objects.filter(pk=pk).first()
    if message is None:
        raise NotFound("This mail is too old: sign in to choose what you get.")
    return message
