"""A pupil's badge: an address that signs in, printed as a QR code.

It is signed, not stored: teachers print it again whenever one is lost, and whoever has the
database alone can make none. Another nonce on the pupil's row ends it.
"""

from __future__ import annotations

import base64
import hmac

import qrcode
from django.conf import settings
from django.utils.crypto import constant_time_compare
from django.utils.safestring import SafeString, mark_safe

from apps.classes.models import Pupil
from apps.core.database import connection

MAC_BYTES = 16
MARGIN = 4  # modules of white around, as ISO/IEC 18004 asks for


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


def drawing(url: str) -> SafeString:
    """The QR code of `url` as an inline SVG, dark on white whatever the page's mode is."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    code.add_data(url)
    rows = code.get_matrix()
    size = len(rows) + 2 * MARGIN
    path = "".join(
        f"M{x + MARGIN} {y + MARGIN}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, dark in enumerate(row)
        if dark
    )
    return mark_safe(  # noqa: S308 -- numbers only
        f'<svg class="qr" viewBox="0 0 {size} {size}" role="img" aria-label="QR code" '
        f'shape-rendering="crispEdges"><rect width="{size}" height="{size}" fill="#fff"/>'
        f'<path d="{path}" fill="#000"/></svg>'
    )


def _mac(nonce: str, key: str) -> str:
    text = f"badge:{connection.schema_name}:{nonce}"
    mac = hmac.digest(key.encode(), text.encode(), "sha256")[:MAC_BYTES]
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
