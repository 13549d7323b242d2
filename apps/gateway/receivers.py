"""What changes a token's person, their place, or their session."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save

from apps.accounts.models import User, UserSession
from apps.accounts.signals import session_ended
from apps.gateway.services import token_sessions
from apps.tenants.models import Membership


def connect() -> None:
    session_ended.connect(forget_session, dispatch_uid="forget-token-session")
    post_save.connect(forget_person, sender=User, dispatch_uid="forget-token-person")
    for signal, uid in ((post_save, "saved"), (post_delete, "deleted")):
        signal.connect(forget_member, sender=Membership, dispatch_uid=f"forget-member-{uid}")


def forget_session(session: UserSession, **_: Any) -> None:
    token_sessions.forget([session.pk])


def forget_person(instance: User, *, created: bool, update_fields: Any = None, **_: Any) -> None:
    if not created and set(update_fields or ()) != {"last_login"}:
        token_sessions.forget_person(instance.pk)


def forget_member(instance: Membership, **_: Any) -> None:
    token_sessions.forget_person(instance.user_id)
