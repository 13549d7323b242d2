"""How a pupil comes in: class code, name and pictures, or a badge.

Wrong pictures lock the pictures of that pupil for 1, then 5, then 15 minutes, after five tries
each. The badge works all the while and a teacher lifts the lock, so nobody keeps another out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from apps.audit.services import entries as audit
from apps.classes import badges, pictures, rosters
from apps.classes.errors import (
    BadgeRefused,
    CodeUnknown,
    PicturesSettled,
    PicturesWrong,
    PupilLocked,
)
from apps.classes.models import ALPHABET, ClassPupil, Pupil, SchoolClass
from apps.classes.services.pupils import UNLOCKED, lock
from apps.core import attempts
from apps.core.database import connection
from apps.core.errors import Invalid, NotFound
from apps.tenants.access import require_open
from apps.tenants.models import Membership

# Only wrong tries count, so a school behind one address is not held up by its size. A code is one
# of 86 million: thirty guesses in ten minutes find none, and a class of beginners gets through.
CODES: Final = "30/10 minute"
BADGES: Final = "30/10 minute"
# Of one class by one address, and of a class by all. Each pupil has a lock besides.
PICTURES_FROM_HERE: Final = "60/10 minute"
PICTURES_OF_CLASS: Final = "120/10 minute"
TRIES: Final = 5
LOCKS: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
FORGIVEN_AFTER: Final = timedelta(hours=12)


def find_class(*, code: str, address: str) -> SchoolClass:
    """The class behind a code, in any case of letters and with any hyphens. Raises
    `CodeUnknown`, whatever the reason, or `TooManyAttempts` for `address` (an IP address).
    """
    typed = "".join(letter for letter in code.upper() if letter in ALPHABET)
    with attempts.counting_wrong(("class_code", _here(address), CODES)) as wrong:
        found = SchoolClass.objects.joinable().filter(code=typed).first()
        if found is None:
            wrong.append(True)
    if found is None:
        raise CodeUnknown
    return found


def still_open(*, class_id: UUID | str, code: str) -> SchoolClass:
    """The class somebody came to with `code` a while ago; raises `CodeUnknown` when it has been
    renewed, paused or archived since.
    """
    found = SchoolClass.objects.joinable().filter(pk=class_id, code=code).first()
    if found is None:
        raise CodeUnknown
    return found


def find_pupil(*, school_class: SchoolClass, user_id: UUID | str) -> Pupil:
    found = rosters.pupils_of(school_class).filter(user_id=user_id).first()
    if found is None:
        raise NotFound("Nobody of this name is in the class.")
    return found


def try_pictures(
    *, pupil: Pupil, school_class: SchoolClass, chosen: Sequence[str], address: str
) -> Pupil:
    """Let the pupil in; raises `PicturesWrong`, `PupilLocked` or `TooManyAttempts`."""
    require_open()
    _require_member(pupil)
    limits = (
        ("pictures", f"{school_class.pk}:{address}", PICTURES_FROM_HERE),
        ("pictures_of_class", str(school_class.pk), PICTURES_OF_CLASS),
    )
    with attempts.counting_wrong(*limits) as wrong:
        let_in = _try(pupil, chosen)
        if let_in is None:
            wrong.append(True)
    if let_in is None:
        raise PicturesWrong("Those were not your three pictures. Try again.")
    return let_in


def choose_pictures(*, pupil: Pupil, chosen: Sequence[str], signed_in: bool = False) -> Pupil:
    """Set the pictures: with the class code while they are to be chosen, or at any time once
    `signed_in`. Raises `Invalid` or `PicturesSettled`.
    """
    require_open()
    _require_member(pupil)
    if not pictures.are_valid(chosen):
        raise Invalid(errors={"pictures": [f"Choose {pictures.LENGTH} pictures."]})
    with transaction.atomic():
        locked = lock(pupil)
        if not (signed_in or locked.may_choose):
            raise PicturesSettled("Sign in with your pictures, or ask your teacher.")
        locked.picture_hash = pictures.digest(user_id=locked.user_id, chosen=chosen)
        locked.choose_until = None
        _let_in(locked)
        audit.record(action="pupil.pictures_chosen", by=locked.user, target=locked.user)
    return locked


def find_by_badge(*, token: str, address: str) -> Pupil:
    """Whose badge it is; raises `BadgeRefused` for a forged, replaced or closed one."""
    with attempts.counting_wrong(("badge", _here(address), BADGES)) as wrong:
        nonce = badges.nonce_in(token)
        rows = Pupil.objects.filter(user__is_active=True).select_related("user")
        found = rows.filter(badge_nonce=nonce).first() if nonce else None
        if found is None:
            wrong.append(True)
    if found is None or not _has_open_class(found):
        raise BadgeRefused
    _require_member(found)
    return found


def enter_by_badge(*, token: str, address: str) -> Pupil:
    require_open()
    pupil = find_by_badge(token=token, address=address)
    with transaction.atomic():
        locked = lock(pupil)
        _let_in(locked)
    return locked


def _try(pupil: Pupil, chosen: Sequence[str]) -> Pupil | None:
    with transaction.atomic():
        locked = lock(pupil)
        _refuse_locked(locked)
        if locked.picture_hash and pictures.are_valid(chosen):
            given = pictures.digest(user_id=locked.user_id, chosen=chosen)
            if constant_time_compare(given, locked.picture_hash):
                _let_in(locked)
                return locked
        _count_wrong(locked)
    return None


def _refuse_locked(locked: Pupil) -> None:
    if locked.locked_until is None or not locked.is_locked:
        return
    seconds = (locked.locked_until - timezone.now()).total_seconds()
    minutes = max(1, round(seconds / 60))
    raise PupilLocked(
        f"There were too many tries. Try again in {minutes} minute{'s' if minutes > 1 else ''}, "
        "hold up your badge, or ask your teacher.",
        minutes=minutes,
    )


def _count_wrong(locked: Pupil) -> None:
    now = timezone.now()
    if locked.locked_until and locked.locked_until < now - FORGIVEN_AFTER:
        locked.locks = 0
    locked.wrong_tries += 1
    if locked.wrong_tries >= TRIES:
        locked.locked_until = now + LOCKS[min(locked.locks, len(LOCKS) - 1)]
        locked.locks = min(locked.locks + 1, len(LOCKS))
        locked.wrong_tries = 0
        audit.record(action="pupil.locked", by=None, target=locked.user)
    locked.save(update_fields=["wrong_tries", "locks", "locked_until"])


def _let_in(locked: Pupil) -> None:
    for name, value in UNLOCKED.items():
        setattr(locked, name, value)
    locked.last_signed_in_at = timezone.now()
    locked.save()


def _here(address: str) -> str:
    return f"{connection.schema_name}:{address}"


def _has_open_class(pupil: Pupil) -> bool:
    places = ClassPupil.objects.filter(user_id=pupil.user_id).values("school_class_id")
    return SchoolClass.objects.joinable().filter(pk__in=places).exists()


def _require_member(pupil: Pupil) -> None:
    from apps.classes.services.classes import workspace

    if Membership.objects.of(user=pupil.user_id, tenant=workspace()) is None:
        raise BadgeRefused
