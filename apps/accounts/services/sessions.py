"""Where people are signed in: begun, used, ended."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta
from importlib import import_module
from typing import Any, NamedTuple
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.models import User, UserSession
from apps.accounts.session_models import describe
from apps.accounts.signals import mail_wanted, session_ended
from apps.core.errors import NotFound

STATE = "user_session"
Ending = UserSession.Ending


class Limits(NamedTuple):
    """How long a session lasts: unused, and altogether."""

    idle: timedelta
    absolute: timedelta


def begin(request: HttpRequest, *, user: User, schema_name: str) -> UserSession:
    """Note that a browser was signed in; a device the person never used is told them by mail."""
    if not request.session.session_key:
        request.session.save()
    session = UserSession(
        user=user,
        kind=UserSession.Kind.BROWSER,
        schema_name=schema_name,
        session_key=request.session.session_key,
        password_mark=user.get_session_auth_hash(),
        **origin(request),
    )
    save_new(session)
    request.session[STATE] = {
        "id": str(session.pk),
        "key": session.session_key,
        "opened": time.time(),
        "seen": time.time(),
    }
    return session


def save_new(session: UserSession) -> None:
    """Store it, and tell the person about a device they never used before."""
    _warn_of_new_device(session)
    # A key that came back: the row of the former holder is history.
    if session.session_key:
        UserSession.objects.filter(session_key=session.session_key).update(session_key=None)
    session.save(force_insert=True)


def origin(request: HttpRequest) -> dict[str, Any]:
    """Whence a request comes, as columns of `UserSession`."""
    known = "REMOTE_ADDR" in request.META
    return {
        "address": get_adapter().get_client_ip(request) if known else None,
        "user_agent": request.headers.get("User-Agent", "")[:300],
    }


def ending_of(held: SessionBase, limits: Limits) -> str:
    """Why Django's session is over (`UserSession.Ending`); empty while it is not."""
    state = held.get(STATE)
    if state is None:
        return ""
    now = time.time()
    if now - state["opened"] > limits.absolute.total_seconds():
        return Ending.EXPIRED
    return Ending.IDLE if now - state["seen"] > limits.idle.total_seconds() else ""


def note_use(request: HttpRequest, *, schema_name: str) -> None:
    """Remember, once a minute, that a browser's session was used; keep up with its key, which
    changes with the password.
    """
    state, user = request.session.get(STATE), request.user
    if state is None:
        begin(request, user=user, schema_name=schema_name)  # type: ignore[arg-type]
        return
    now, key = time.time(), request.session.session_key
    moved = bool(key) and state["key"] != key
    if not moved and now - state["seen"] < settings.SESSION_NOTED_EVERY_SECONDS:
        return
    changes = {"last_used_at": timezone.now(), **origin(request)}
    if moved:
        mark = user.get_session_auth_hash()  # type: ignore[union-attr]
        changes |= {"session_key": key, "password_mark": mark, "ended_at": None, "ending": ""}
    UserSession.objects.filter(pk=state["id"]).update(**changes)
    request.session[STATE] = {**state, "key": key, "seen": now}


def is_over(held: SessionBase, limits: Limits) -> bool:
    """Whether the time of a program's session (Django's, behind a header) is up. Notes its use."""
    ending, state = ending_of(held, limits), held.get(STATE)
    if ending and state:
        end(sessions=UserSession.objects.live().filter(pk=state["id"]), ending=ending, by=None)
    elif state and time.time() - state["seen"] >= settings.SESSION_NOTED_EVERY_SECONDS:
        UserSession.objects.filter(pk=state["id"]).update(last_used_at=timezone.now())
        held[STATE] = {**state, "seen": time.time()}
    return bool(ending)


def present(request: Any) -> UUID | None:
    """The session that a request belongs to: a browser's, or that of its token."""
    held = getattr(getattr(request, "auth", None), "session_id", None)
    if held is None:
        held = getattr(request, "session", {}).get(STATE, {}).get("id")
    return UUID(str(held)) if held else None


def of(user: Any) -> QuerySet[UserSession]:
    """Where the person is signed in now, the last used first."""
    return UserSession.objects.live().filter(user_id=user.pk)


def find(*, user: Any, session_id: UUID) -> UserSession:
    """Raises `NotFound` for somebody else's session as for none."""
    found = of(user).filter(pk=session_id).first()
    if found is None:
        raise NotFound("There is no such session of yours.")
    return found


def end(*, sessions: Iterable[UserSession], ending: str, by: Any) -> int:
    """End these at once, in every process; returns how many were not over yet."""
    with transaction.atomic():
        keys = [session.pk for session in sessions]
        held = list(UserSession.objects.live().select_for_update().filter(pk__in=keys))
        UserSession.objects.filter(pk__in=[one.pk for one in held]).update(
            ended_at=timezone.now(), ending=ending
        )
        for session in held:
            session.ending = ending
            if session.session_key:
                _store().delete(session.session_key)
            session_ended.send(sender=UserSession, session=session, by=by)
    return len(held)


def end_others(*, user: User, keep: UUID | None, by: Any) -> int:
    """Sign the person out everywhere but here; returns of how many places."""
    others = of(user).exclude(pk=keep) if keep else of(user)
    return end(sessions=others, ending=Ending.REVOKED, by=by)


def end_present(request: HttpRequest, *, ending: str) -> None:
    """The request's own session is over; the caller signs out."""
    state = request.session.get(STATE)
    if state is not None:
        UserSession.objects.live().filter(pk=state["id"]).update(
            ended_at=timezone.now(), ending=ending
        )


def forget() -> int:
    """Remove what is long over, and what was left behind without a word."""
    unused = timezone.now() - settings.SESSION_HISTORY
    count, _ = UserSession.objects.filter(last_used_at__lt=unused).delete()
    return count


def _warn_of_new_device(session: UserSession) -> None:
    if not session.user.is_reachable:
        return
    agents = UserSession.objects.filter(user_id=session.user_id).values_list("user_agent")
    devices = {describe(agent) for (agent,) in agents.distinct()}
    if devices and session.device not in devices:
        mail_wanted.send(
            sender=UserSession,
            template="account/email/new_device",
            to=session.user.email,
            context={
                "email": session.user.email,
                "device": session.device,
                "address": session.address or "",
                "timestamp": timezone.now(),
                "sessions_url": f"{settings.PUBLIC_URL}/accounts/sessions/",
            },
        )


def _store() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore()
