"""Is it still the person who signed in? Asked before dangerous deeds.

A sign-in counts, and so does a confirmation since, for `STEP_UP_SECONDS`. What a session was
proven by is allauth's list in the session; a token's session carries the time itself.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
    record_authentication,
)
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from apps.accounts.errors import StepUpRequired
from apps.accounts.models import User
from apps.accounts.signals import mail_wanted

P = ParamSpec("P")
R = TypeVar("R")
MAILED_CODE = "step_up_code"
CODE_DIGITS = 8
ATTEMPTS = 5


def proven_at(request: Any) -> float:
    """When the person behind the request last showed who they are, in seconds since 1970; 0 for
    never. `request` is Django's or DRF's.
    """
    moment = getattr(getattr(request, "auth", None), "proven_at", None)
    if moment is not None:
        return float(moment)
    records = get_authentication_records(request, request.user)
    return max((float(record["at"]) for record in records), default=0.0)


def is_recent(request: Any) -> bool:
    return bool(time.time() - proven_at(request) < settings.STEP_UP_SECONDS)


def require(request: Any) -> None:
    """Raises `StepUpRequired` unless the person has shown lately who they are. An API key is no
    person: its scopes say what it may do.
    """
    if getattr(request.user, "impersonated_by", None):
        raise StepUpRequired("This asks for the person's own proof: have them do it themselves.")
    if not hasattr(request.user, "scopes") and not is_recent(request):
        raise StepUpRequired


def recent(view: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Any, P], R]:
    """A page that asks first who it is. The person comes back to it afterwards, with what they
    had filled in (`apps.accounts.middleware.StepUpMiddleware`). Below a decorator that has people
    sign in; pages that only some methods need it for call `require` instead.
    """

    @wraps(view)
    def page(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        require(request)
        return view(request, *args, **kwargs)

    vars(page)["proven"] = True  # what apps.gateway.endpoints reads
    return page


def proof_of(request: HttpRequest) -> list[dict[str, Any]]:
    """How and when the person proved themselves in this session, to be carried to another."""
    return list(get_authentication_records(request, request.user))


def adopt(request: HttpRequest, proof: list[dict[str, Any]]) -> None:
    """Continue with what was proven in the session the person comes from."""
    for record in proof:
        extra = {name: value for name, value in record.items() if name not in {"method", "at"}}
        record_authentication(request, request.user, record["method"], **extra)
    carried = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
    for mine, theirs in zip(carried[len(carried) - len(proof) :], proof, strict=True):
        mine["at"] = theirs["at"]
    request.session.modified = True


def note(request: HttpRequest, user: User, method: str) -> None:
    """Note that whoever this session will be signed in as has shown who they are by `method`."""
    record_authentication(request, user, method)


def confirm(request: HttpRequest, method: str) -> None:
    """Note that the person has just proven themselves by `method` (allauth's name for it)."""
    record_authentication(request, request.user, method, reauthenticated=True)


def needs_mail(user: User) -> bool:
    """Whether a mailed code is the only thing the person can show."""
    return not get_reauthentication_flows(user)


def send_code(request: HttpRequest, user: User) -> None:
    """Mail a code that is good in this session only, once, for `STEP_UP_CODE_SECONDS`."""
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    request.session[MAILED_CODE] = {
        "hash": _hash(code, user),
        "until": time.time() + settings.STEP_UP_CODE_SECONDS,
        "left": ATTEMPTS,
    }
    mail_wanted.send(
        sender=User,
        template="account/email/step_up_code",
        to=user.email,
        context={"email": user.email, "code": f"{code[:4]} {code[4:]}"},
    )


def code_is_out(request: HttpRequest) -> bool:
    """Whether a mailed code waits to be entered."""
    held = request.session.get(MAILED_CODE)
    return bool(held and held["until"] > time.time() and held["left"] > 0)


def check_code(request: HttpRequest, user: User, code: str) -> bool:
    """Whether it is the mailed code; after a few wrong ones no code is right."""
    if not code_is_out(request):
        return False
    held = request.session[MAILED_CODE]
    held["left"] -= 1
    request.session.modified = True
    if not hmac.compare_digest(held["hash"], _hash("".join(code.split()), user)):
        return False
    del request.session[MAILED_CODE]
    return True


def _hash(code: str, user: User) -> str:
    return salted_hmac("step-up", f"{user.pk}:{code}", algorithm="sha256").hexdigest()
