"""Locking people out of the whole product, and letting them in again."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from apps.accounts.models import User
from apps.accounts.signals import person_changed
from apps.core.errors import Conflict


class CannotLockOneself(Conflict):
    code = "cannot_lock_oneself"
    title = "Nobody locks themselves out"


def set_active(*, user: User, active: bool, by: Any) -> User:
    """A person who is not active can neither sign in nor use a session that is open."""
    if getattr(by, "pk", None) == user.pk and not active:
        raise CannotLockOneself
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        if locked.is_active != active:
            locked.is_active = active
            locked.save(update_fields=["is_active"])
            person_changed.send(sender=User, user=locked, by=by)
    return locked
