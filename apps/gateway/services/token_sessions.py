"""Whose token is it, and what may it do here? Remembered in the shared cache, and for a moment in
each process, so that a request that was answered before asks the database nothing.

Whatever ends a token's session, or changes its person or their membership, has the entry forgotten
at once: every process asks again within `TOKEN_MEMORY_SECONDS`.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from redis.exceptions import RedisError

from apps.accounts.models import User, UserSession
from apps.accounts.services import second_steps, tokens
from apps.accounts.services.tokens import Claims
from apps.tenants import mfa_rules
from apps.tenants.access import granted_to
from apps.tenants.models import CustomRole, Membership, Tenant
from apps.tenants.session_rules import limits_of

NOBODY: dict[str, Any] = {}
# Stands where an entry was forgotten. Whoever read the rows before the change finds the place
# taken (SET NX) and cannot put back what is no longer so.
STALE = "stale"
STALE_SECONDS = 5
MOST_AT_HAND = 10_000
PERSON = tuple(field.attname for field in User._meta.concrete_fields)
MEMBER = tuple(field.attname for field in Membership._meta.concrete_fields)
ROLE = tuple(field.attname for field in CustomRole._meta.concrete_fields)
# Another release's entries have other fields.
RELEASE = zlib.crc32(",".join(PERSON + MEMBER + ROLE).encode())
_at_hand: dict[UUID, tuple[float, dict[str, Any]]] = {}


@dataclass(frozen=True)
class TokenSession:
    """What `request.auth` is for a request with an access token."""

    session_id: UUID
    proven_at: float
    user: User
    membership: Membership
    can: frozenset[str]


def find(claims: Claims, *, tenant: Tenant) -> TokenSession | None:
    """The live session behind good claims and the person's place in `tenant`; None when the
    session is over or the person has no place there any more. Raises `MfaRequired`.
    """
    until, values = _at_hand.get(claims.session_id, (0.0, NOBODY))
    if until < time.monotonic():
        values = _recall(claims, tenant)
        _keep_at_hand(claims.session_id, values)
    if not values or values["schema_name"] != tenant.schema_name:
        return None
    person = User.from_db("default", PERSON, [values["person"][name] for name in PERSON])
    membership = Membership.from_db("default", MEMBER, [values["member"][name] for name in MEMBER])
    membership.user, membership.tenant = person, tenant
    membership.custom_role = _role(values["role"])
    if not values["has_second_step"] and mfa_rules.is_demanded(membership):
        raise mfa_rules.refusal(membership)
    return TokenSession(
        claims.session_id, values["proven_at"], person, membership, granted_to(membership)
    )


def forget(session_ids: Iterable[UUID]) -> None:
    """Have every process ask the database again, once the present transaction is committed."""
    stale = list(session_ids)

    def forget_now() -> None:
        for session_id in stale:
            _at_hand.pop(session_id, None)
        with suppress(RedisError):
            cache.set_many({_key(one): STALE for one in stale}, STALE_SECONDS)

    if stale:
        transaction.on_commit(forget_now)


def forget_people(*user_ids: UUID) -> None:
    live = UserSession.objects.live().filter(user_id__in=user_ids, kind=UserSession.Kind.TOKEN)
    forget(live.values_list("pk", flat=True))


def _recall(claims: Claims, tenant: Tenant) -> dict[str, Any]:
    key = _key(claims.session_id)
    with suppress(RedisError):
        known: Any = cache.get(key)
        if known is not None and known != STALE:
            return dict(known)
    values = _look_up(claims, tenant)
    with suppress(RedisError):
        cache.add(key, values, settings.TOKEN_CACHE_SECONDS)
    return values


def _look_up(claims: Claims, tenant: Tenant) -> dict[str, Any]:
    live = UserSession.objects.live().select_related("user")
    session = live.filter(
        pk=claims.session_id, user_id=claims.user_id, schema_name=tenant.schema_name
    ).first()
    if session is None or tokens.ending_of(session, limits_of(tenant)):
        return NOBODY
    membership = Membership.objects.of(user=session.user, tenant=tenant)
    if membership is None:
        return NOBODY
    _note_use(session)
    return {
        "schema_name": tenant.schema_name,
        "proven_at": session.proven_at.timestamp(),
        "person": {name: getattr(session.user, name) for name in PERSON if name != "password"}
        | {"password": ""},
        "member": {name: getattr(membership, name) for name in MEMBER},
        "role": membership.custom_role
        and {name: getattr(membership.custom_role, name) for name in ROLE},
        "has_second_step": second_steps.are_set_up(session.user),
    }


def _role(values: dict[str, Any] | None) -> CustomRole | None:
    if values is None:
        return None
    return CustomRole.from_db("default", ROLE, [values[name] for name in ROLE])


def _note_use(session: UserSession) -> None:
    now: datetime = timezone.now()
    if (now - session.last_used_at).total_seconds() >= settings.SESSION_NOTED_EVERY_SECONDS:
        UserSession.objects.filter(pk=session.pk).update(last_used_at=now)


def _keep_at_hand(session_id: UUID, values: dict[str, Any]) -> None:
    if values and settings.TOKEN_MEMORY_SECONDS:
        if len(_at_hand) >= MOST_AT_HAND:
            _at_hand.clear()
        _at_hand[session_id] = time.monotonic() + settings.TOKEN_MEMORY_SECONDS, values


def _key(session_id: UUID) -> str:
    return f"token:{RELEASE}:{session_id}"
