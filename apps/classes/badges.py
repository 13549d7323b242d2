"""A pupil's badge: an address that signs in, printed as a QR code.

It is signed, not stored: teachers print it again whenever one is lost, and whoever has the
database alone can make none. Another nonce on the pupil's row ends it.
"""

from __future__ import annotations

import base64
import hmac

from django.conf import settings
from django.utils.crypto import constant_time_compare

from apps.classes.models import Pupil
from apps.core.database import connection
from apps.core.qr_codes import drawing

__all__ = ["drawing", "nonce_in", "path_of"]
MAC_BYTES = 16


def path_of(pupil: Pupil) -> str:
    """Where the badge leads on the workspace's host."""
    return f"/join/badge/{pupil.badge_nonce}.{_mac(pupil.badge_nonce, settings.SECRET_KEY)}/"


def nonce_in(token: str) -> str | None:
    """The nonce of a token that this workspace has signed, with the present or a former key."""
    nonce, _, mac = token.partition(".")
    keys = [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    if any(constant_time_compare(mac, _mac(nonce, key)) for key in keys):
        return nonce
    return None


def _mac(nonce: str, key: str) -> str:
    text = f"badge:{connection.schema_name}:{nonce}"
    mac = hmac.digest(key.encode(), text.encode(), "sha256")[:MAC_BYTES]
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
