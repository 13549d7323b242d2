"""Content-addressed storage: put bytes in, get the same bytes out or an error."""

from __future__ import annotations

import hashlib

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Sum

from apps.core.database import connection
from apps.core.errors import DomainError
from apps.media.models import Blob
from apps.usage.plans import STORAGE
from apps.usage.services import limits


class BlobDamaged(DomainError):
    code = "blob_damaged"
    status = 500
    title = "A stored file is not what was stored"


class BlobInfected(DomainError):
    code = "blob_infected"
    status = 403
    title = "This file is infected and is not handed out"


def store(*, content: bytes) -> Blob:
    """Keep `content` in the present workspace. Storing the same bytes again returns the same row.

    Bytes are written before the row: a crash between leaves an unused file, never a row
    without its file. A file that a crash or a full disk cut short is written again. Raises
    `LimitReached` when the workspace has no room for it.
    """
    digest = hashlib.sha256(content).hexdigest()
    if not Blob.objects.filter(sha256=digest).exists():
        limits.require(STORAGE, adding=len(content))
    name = f"{connection.schema_name}/blobs/{digest[:2]}/{digest}"
    if not _is_whole(name, len(content)):
        default_storage.delete(name)
        default_storage.save(name, ContentFile(content))
    blob, _ = Blob.objects.get_or_create(
        sha256=digest, defaults={"size": len(content), "storage_name": name}
    )
    return blob


def read(*, blob: Blob) -> bytes:
    """The content, checked against its hash. Raises `BlobDamaged` when it is gone or changed,
    `BlobInfected` when the virus scan found something in it.
    """
    if blob.scan_state == Blob.ScanState.INFECTED:
        raise BlobInfected(f"The virus scan found {blob.scan_detail} in it.")
    return read_unexamined(blob=blob)


def read_unexamined(*, blob: Blob) -> bytes:
    """As `read`, but infected content too: for the virus scanner alone."""
    try:
        with default_storage.open(blob.storage_name) as file:
            content = bytes(file.read())
    except FileNotFoundError as error:
        raise BlobDamaged(f"The file {blob.sha256[:12]}… is missing from storage.") from error
    if hashlib.sha256(content).hexdigest() != blob.sha256:
        raise BlobDamaged(f"The file {blob.sha256[:12]}… was changed in storage.")
    return content


def remove_all(*, schema_name: str) -> None:
    """Delete every file of a workspace that is gone; safe to run again."""
    _remove_below(schema_name)


def _remove_below(folder: str) -> None:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in files:
        default_storage.delete(f"{folder}/{name}")
    for name in folders:
        _remove_below(f"{folder}/{name}")
    default_storage.delete(folder)  # a local folder; a bucket has none


def total_size() -> int:
    """Bytes of everything stored in the present workspace."""
    return int(Blob.objects.aggregate(total=Sum("size", default=0))["total"])


def _is_whole(name: str, size: int) -> bool:
    return default_storage.exists(name) and default_storage.size(name) == size
