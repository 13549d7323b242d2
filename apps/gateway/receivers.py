"""What changes a token's person, their place, or their session."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models.signals import post_delete, post_save

from apps.accounts.models import User, UserSession
from apps.accounts.signals import session_ended
from apps.gateway.services import token_sessions
from apps.tenants.models import CustomRole, Membership


def connect() -> None:
    session_ended.connect(forget_session, dispatch_uid="forget-token-session")
    post_save.connect(forget_person, sender=User, dispatch_uid="forget-token-person")
    for signal, uid in ((post_save, "saved"), (post_delete, "deleted")):
        signal.connect(forget_member, sender=Membership, dispatch_uid=f"forget-member-{uid}")
        signal.connect(forget_second_step, sender=Authenticator, dispatch_uid=f"second-step-{uid}")
    post_save.connect(forget_role, sender=CustomRole, dispatch_uid="forget-role")


def forget_session(session: UserSession, **_: Any) -> None:
    token_sessions.forget([session.pk])


def forget_person(instance: User, *, created: bool, update_fields: Any = None, **_: Any) -> None:
    if not created and set(update_fields or ()) != {"last_login"}:
        token_sessions.forget_people(instance.pk)


def forget_member(instance: Membership, **_: Any) -> None:
    token_sessions.forget_people(instance.user_id)


def forget_second_step(instance: Authenticator, **_: Any) -> None:
    token_sessions.forget_people(instance.user_id)


def forget_role(instance: CustomRole, **_: Any) -> None:
    bearers = Membership.objects.filter(custom_role=instance).values_list("user_id", flat=True)
    token_sessions.forget_people(*bearers)
