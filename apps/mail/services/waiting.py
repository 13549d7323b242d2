"""When mail that is not urgent comes: after quiet hours, or together in a digest."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta, tzinfo
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from django.utils import timezone, translation

from apps.mail import letters
from apps.mail.catalogue import CATEGORIES
from apps.mail.models import Message, Wishes

MORNING: Final = time(7, 30)  # when digests leave, by the person's own clock
MONDAY: Final = 0


def wishes_of(address: str) -> Wishes | None:
    return Wishes.objects.filter(user__email__iexact=address).first()


def zone_of(wishes: Wishes | None) -> tzinfo:
    """In which a mail says its moments: the person's own, or the active one."""
    return ZoneInfo(wishes.time_zone) if wishes else timezone.get_current_timezone()


def wait_for(message: Message, wishes: Wishes | None) -> tuple[str, datetime] | None:
    """What a new mail waits for, and until when; None when it is to leave at once."""
    category = CATEGORIES.get(message.category)
    if wishes is None or category is None or category.urgent:
        return None
    now = timezone.now()
    if wishes.digest:
        due = next_digest(wishes, now)
        return Message.Hold.DIGEST, end_of_quiet(wishes, due) or due
    end = end_of_quiet(wishes, now)
    return (Message.Hold.QUIET, end) if end else None


def next_digest(wishes: Wishes, now: datetime) -> datetime:
    """The next morning, or the next Monday's, where the person is."""
    here = now.astimezone(ZoneInfo(wishes.time_zone))
    day = here.date()
    while True:
        due = datetime.combine(day, MORNING, here.tzinfo)
        if due > here and (wishes.digest == Wishes.Digest.DAILY or day.weekday() == MONDAY):
            return due
        day += timedelta(days=1)


def end_of_quiet(wishes: Wishes, now: datetime) -> datetime | None:
    """When the quiet hours of this moment are over; they may go over midnight. None outside."""
    if wishes.quiet_from is None or wishes.quiet_until is None:
        return None
    here = now.astimezone(ZoneInfo(wishes.time_zone))
    over_midnight = wishes.quiet_from > wishes.quiet_until
    clock = here.time()
    if over_midnight:
        is_quiet = clock >= wishes.quiet_from or clock < wishes.quiet_until
    else:
        is_quiet = wishes.quiet_from <= clock < wishes.quiet_until
    if not is_quiet:
        return None
    is_tomorrow = over_midnight and clock >= wishes.quiet_from
    day = here.date() + timedelta(days=int(is_tomorrow))
    return datetime.combine(day, wishes.quiet_until, here.tzinfo)


def put_off_anew(wishes: Wishes, address: str) -> None:
    """Have what waits for `address` wait as it is wished for now; what need not wait any more
    leaves with the next `release`.
    """
    held = Message.objects.filter(
        state=Message.State.HELD, held_for__in=(Message.Hold.QUIET, Message.Hold.DIGEST),
        to__iexact=address,
    )  # fmt: skip
    for message in held.select_for_update():
        wait = wait_for(message, wishes) or (Message.Hold.QUIET, timezone.now())
        message.held_for, message.held_until = wait
        message.save(update_fields=["held_for", "held_until"])


def bundles(found: Iterable[Message]) -> list[list[Message]]:
    """What goes into one digest each: the mails of one address."""
    rows = sorted(found, key=lambda message: (message.to.lower(), message.created_at))
    return [list(group) for _, group in groupby(rows, key=lambda message: message.to.lower())]


def notice(message: Message) -> dict[str, str]:
    """A mail as a digest names it: its subject, and where it leads."""
    url = ""
    if message.kind is not None:
        with translation.override(message.language):
            url = letters.write(message.kind, message.values).action_url
    return {"subject": message.subject, "url": url}
