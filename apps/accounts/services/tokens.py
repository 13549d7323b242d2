"""Tokens of apps and scripts: a short access token, and a refresh token that is exchanged.

Both are JWTs (RFC 7519), signed with HMAC-SHA256 by the first of `TOKEN_SIGNING_KEYS`; `kid` names
the key. `aud` is the workspace's schema, `sid` the session, `sub` the person; a refresh token's
`n` counts the exchanges. A refresh token is good for one exchange, without grace: of two that
race one wins, and the other ends the session, as every replay does (RFC 9700 section 4.14.2).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import jwt
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.errors import TokenRefused
from apps.accounts.models import User, UserSession
from apps.accounts.services import sessions
from apps.accounts.services.sessions import Limits

ALGORITHM = "HS256"
ACCESS = "access"
REFRESH = "refresh"
NAMES = ["iss", "aud", "sub", "sid", "iat", "exp", "use"]
Ending = UserSession.Ending


class Claims(NamedTuple):
    """What a token says, after its signature, its time and its workspace were found good."""

    user_id: UUID
    session_id: UUID
    rotation: int


@dataclass(frozen=True)
class Pair:
    """`access` is good for `expires_in` seconds, `refresh` for one exchange."""

    access: str
    refresh: str
    expires_in: int
    session: UserSession


def open_session(
    *, user: User, schema_name: str, name: str, origin: dict[str, Any], limits: Limits
) -> Pair:
    """A new session of a person who has just shown who they are."""
    session = UserSession(
        user=user,
        kind=UserSession.Kind.TOKEN,
        schema_name=schema_name,
        name=name,
        password_mark=user.get_session_auth_hash(),
        **origin,
    )
    with transaction.atomic():
        sessions.save_new(session)
    return _pair(session, limits)


def exchange(*, token: str, schema_name: str, limits: Limits) -> Pair:
    """The next pair for a refresh token; raises `TokenRefused`. One that was exchanged before ends
    its session, and so do the limits, a lock-out and a changed password.
    """
    claims = read(token, use=REFRESH, schema_name=schema_name)
    with transaction.atomic():
        session = _lock(claims, schema_name)
        ending = _ending(session, claims, limits) if session else ""
        if session and ending:
            sessions.end(sessions=[session], ending=ending, by=None)
        elif session:
            session.rotation += 1
            session.last_used_at = timezone.now()
            session.save(update_fields=["rotation", "last_used_at"])
    if session is None or ending:
        raise TokenRefused
    return _pair(session, limits)


def revoke(*, token: str, schema_name: str) -> None:
    """End the session of a refresh token, also of an earlier one (RFC 7009: whatever the token,
    the answer is the same).
    """
    try:
        claims = read(token, use=REFRESH, schema_name=schema_name)
    except TokenRefused:
        return
    held = UserSession.objects.filter(pk=claims.session_id, user_id=claims.user_id)
    sessions.end(sessions=held, ending=Ending.SIGNED_OUT, by=None)


def read(token: str, *, use: str, schema_name: str) -> Claims:
    """Raises `TokenRefused` for a token that is not ours, too old, for something else or for
    another workspace. Asks neither database nor cache.
    """
    try:
        key = settings.TOKEN_SIGNING_KEYS[jwt.get_unverified_header(token)["kid"]]
        said = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=schema_name,
            issuer=settings.PUBLIC_URL,
            options={"require": NAMES},
        )
        if said["use"] != use:
            raise TokenRefused
        return Claims(UUID(said["sub"]), UUID(said["sid"]), int(said.get("n", 0)))
    except (jwt.PyJWTError, KeyError, ValueError, TypeError) as error:
        raise TokenRefused from error


def ending_of(session: UserSession, limits: Limits) -> str:
    """Why a token's session is over; empty while it is not. `session.user` is looked at."""
    now = timezone.now()
    if not session.user.is_active:
        return Ending.DEACTIVATED
    if session.password_mark != session.user.get_session_auth_hash():
        return Ending.PASSWORD
    if now - session.created_at > limits.absolute:
        return Ending.EXPIRED
    return Ending.IDLE if now - session.last_used_at > limits.idle else ""


def _ending(session: UserSession, claims: Claims, limits: Limits) -> str:
    replayed = claims.rotation != session.rotation
    return Ending.REPLAYED if replayed else ending_of(session, limits)


def _lock(claims: Claims, schema_name: str) -> UserSession | None:
    live = UserSession.objects.live().select_related("user").select_for_update(of=("self",))
    return live.filter(
        pk=claims.session_id, user_id=claims.user_id, schema_name=schema_name
    ).first()


def _pair(session: UserSession, limits: Limits) -> Pair:
    lasts = min(settings.ACCESS_TOKEN_SECONDS, int(limits.idle.total_seconds()))
    access = _sign(session, ACCESS, lasts)
    refresh = _sign(session, REFRESH, int(limits.idle.total_seconds()), n=session.rotation)
    return Pair(access, refresh, lasts, session)


def _sign(session: UserSession, use: str, lasts: int, **more: Any) -> str:
    name, key = next(iter(settings.TOKEN_SIGNING_KEYS.items()))
    now = int(time.time())
    claims = {
        "iss": settings.PUBLIC_URL,
        "aud": session.schema_name,
        "sub": str(session.user_id),
        "sid": str(session.pk),
        "iat": now,
        "exp": now + lasts,
        "use": use,
        **more,
    }
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": name})
