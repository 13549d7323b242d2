"""What this floor hears from Django and of its own rows."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import user_signed_up
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import post_save
from django.http import HttpRequest

from apps.accounts import known_devices, operator_sessions
from apps.accounts.models import User, UserSession
from apps.accounts.services import sessions, step_up


def connect() -> None:
    user_signed_up.connect(note_sign_up, dispatch_uid="note-sign-up")
    user_logged_in.connect(note_sign_in, dispatch_uid="note-sign-in")
    user_logged_out.connect(end_session, dispatch_uid="end-session")
    post_save.connect(end_sessions, sender=User, dispatch_uid="end-sessions")


def note_sign_up(request: HttpRequest, user: User, sociallogin: Any = None, **_: Any) -> None:
    """Who has just chosen a password is not asked for it a minute later, to begin a trial: the
    session goes on once the address is confirmed in it.
    """
    if sociallogin is None and user.has_usable_password():
        step_up.note(request, user, "password")


def note_sign_in(request: HttpRequest | None, user: User, **_: Any) -> None:
    if request is not None:
        known_devices.note(request, user)
        operator_sessions.begin(request)


def end_sessions(instance: User, *, created: bool, update_fields: Any = None, **_: Any) -> None:
    """Sessions end with the password they were opened with, and with the person's own lock-out."""
    if created or set(update_fields or ()) == {"last_login"}:
        return
    live = sessions.of(instance)
    if not instance.is_active:
        sessions.end(sessions=live, ending=UserSession.Ending.DEACTIVATED, by=None)
    elif update_fields is None or "password" in update_fields:
        other = live.exclude(password_mark=instance.get_session_auth_hash())
        sessions.end(sessions=other, ending=UserSession.Ending.PASSWORD, by=None)


def end_session(request: HttpRequest | None, **_: Any) -> None:
    if request is not None:
        sessions.end_present(request, ending=UserSession.Ending.SIGNED_OUT)
