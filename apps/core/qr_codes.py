"""QR codes for pages and for print."""

from __future__ import annotations

import qrcode
from django.utils.safestring import SafeString, mark_safe

MARGIN = 4  # modules of white around, as ISO/IEC 18004 asks for


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
