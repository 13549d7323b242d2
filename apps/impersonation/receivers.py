"""What this floor hears from below."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_out

from apps.accounts.models import User
from apps.impersonation.services import impersonations


def connect() -> None:
    user_logged_out.connect(end_with_session, dispatch_uid="end-impersonations")


def end_with_session(user: Any, **_: Any) -> None:
    """An operator who signs out of the console is nobody else any more, either."""
    if isinstance(user, User) and user.is_staff:
        impersonations.end_all_of(operator=user)
