"""Two-step sign-in of a person."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled

# Recovery codes alone are none: they stand in for one of these.
KINDS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def are_set_up(user: Any) -> bool:
    """Whether the person has a passkey or an authenticator app."""
    return bool(is_mfa_enabled(user, KINDS))
