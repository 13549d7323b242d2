"""Parts of a file over HTTP (RFC 9110, section 14), so that a broken download goes on.

One range in a request is answered with it; several, or nonsense, with the whole file, as the
RFC allows.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

BLOCK = 256 * 1024
ONE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def serve(request: HttpRequest, path: Path, *, etag: str, filename: str) -> HttpResponseBase:
    """The file, or the part of it that was asked for, as an attachment."""
    size, quoted = path.stat().st_size, f'"{etag}"'
    wanted = _wanted(request, size, quoted)
    if wanted is None:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    first, last, status = wanted
    response = StreamingHttpResponse(
        _blocks(request, path, first, last - first + 1),
        status=status,
        content_type="application/octet-stream",
        headers={
            "Accept-Ranges": "bytes",
            "Cache-Control": "private, no-store",
            "Content-Disposition": f'attachment; filename="{filename}"',
            "Content-Length": str(last - first + 1),
            "ETag": quoted,
        },
    )
    if status == 206:  # noqa: PLR2004
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response


def _wanted(request: HttpRequest, size: int, etag: str) -> tuple[int, int, int] | None:
    """First and last byte and the status; None when the range lies outside the file."""
    whole = 0, size - 1, 200
    found = ONE_RANGE.fullmatch(request.headers.get("Range", ""))
    if found is None or not any(found.groups()):
        return whole
    if request.headers.get("If-Range", etag) != etag:
        return whole
    first, last = found.groups()
    if not first:
        first, last = str(max(0, size - int(last))), ""
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    return (start, end, 206) if start <= end else None


def _blocks(request: HttpRequest, path: Path, start: int, count: int) -> Any:
    # Each server gets the kind it can stream; the other kind it would read whole into memory.
    if isinstance(request, ASGIRequest):
        return _read_async(path, start, count)
    return _read(path, start, count)


def _read(path: Path, start: int, count: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while count and (block := file.read(min(BLOCK, count))):
            count -= len(block)
            yield block


async def _read_async(path: Path, start: int, count: int) -> AsyncIterator[bytes]:
    file: IO[bytes] = await sync_to_async(lambda: path.open("rb"))()
    try:
        await sync_to_async(file.seek)(start)
        while count and (block := await sync_to_async(file.read)(min(BLOCK, count))):
            count -= len(block)
            yield block
    finally:
        await sync_to_async(file.close)()
