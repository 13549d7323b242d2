"""What ClamAV says of stored bytes."""

from __future__ import annotations

from django.conf import settings

from apps.media import clamav_api
from apps.media.models import Blob
from apps.media.services import blobs


def examine(*, blob: Blob) -> Blob:
    """Have the content scanned and note the verdict; without `CLAMAV_URL` nothing changes.

    A repeated scan replaces the verdict, since signatures are added and withdrawn. Raises
    `ScannerUnavailable` (worth another try) and `BeyondScannerLimits` (not).
    """
    if not settings.CLAMAV_URL:
        return blob
    signature = clamav_api.scan(blobs.read_unexamined(blob=blob))
    blob.scan_state = Blob.ScanState.INFECTED if signature else Blob.ScanState.CLEAN
    blob.scan_detail = signature[:200]
    blob.save(update_fields=["scan_state", "scan_detail"])
    return blob
