"""Sessions in the database, the secrets in them unreadable there.

allauth keeps the secret of an authenticator app in the session until the person has shown that the
app has it. Whoever reads the table, or a backup of it, must not be able to make the person's codes.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from apps.core import encryption
from apps.core.encryption import Undecryptable

CONTEXT = "public/django_session.session_data"
# Another name than the plain one's: a process of the release before, which cannot open it, finds
# none and shows a fresh secret.
SEALED = {SECRET_SESSION_KEY: f"{SECRET_SESSION_KEY}.sealed"}


class SessionStore(DatabaseStore):
    def encode(self, session_dict: dict[str, Any]) -> str:
        stored = dict(session_dict)
        for plain, sealed in SEALED.items():
            if plain in stored:
                stored[sealed] = encryption.encrypt(stored.pop(plain), context=CONTEXT)
        return super().encode(stored)

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """A secret whose key is gone counts as none: another is shown."""
        held: dict[str, Any] = super().decode(session_data)
        for plain, sealed in SEALED.items():
            if sealed in held:
                try:
                    held[plain] = encryption.decrypt(held.pop(sealed), context=CONTEXT)
                except Undecryptable:
                    continue
        return held
