"""ClamAV's daemon, the only module that speaks to it.

Contract: clamd(8), command INSTREAM; clamd.conf(5) for its limits. The SDK sends what a
file-like object gives it, so nothing is written to disk. Two things it leaves to its caller:
one timeout serves for connecting and for waiting, and a stream beyond `StreamMaxLength` ends in
a broken pipe, because clamd answers and hangs up while the rest is still being sent. `_Upload`
sees to both. The SDK knows IPv4 and Unix sockets only.
"""

from __future__ import annotations

import io
import socket
import time
from urllib.parse import urlsplit

import structlog
from clamav_client.clamd import (
    BufferTooLongError,
    ClamdError,
    ClamdNetworkSocket,
    ClamdUnixSocket,
    ScanResult,
)
from django.conf import settings

from apps.core.breaker import declare, guard
from apps.core.errors import VendorError

VENDOR = "clamav"
declare(VENDOR, "Virus scanner (clamd)")

CONNECT_SECONDS = 5
ANSWER_SECONDS = 150  # between two steps; clamd itself gives up a file after `MaxScanTime`, 120 s
PORT = 3310
TOO_LONG = b"INSTREAM size limit exceeded. ERROR"
# With `AlertExceedsMax` clamd reports a file that it did not look at to its end as a find.
LIMIT_REACHED = "Heuristics.Limits.Exceeded"

log = structlog.get_logger(__name__)


class ScannerUnavailable(VendorError):
    """clamd gave no verdict; another time it may."""

    code = "virus_scanner_unavailable"
    status = 503
    title = "The virus scanner did not answer"


class BeyondScannerLimits(VendorError):
    """clamd does not look at all of a file like this one, however often it is asked."""

    code = "beyond_scanner_limits"
    status = 413
    title = "The virus scanner's limits do not allow this file"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, permanent=True)


def scan(content: bytes) -> str:
    """The name of the signature that matches, "" when none does.

    `CLAMAV_URL` must be set. Raises `ScannerUnavailable`, `BeyondScannerLimits`, or
    `BreakerOpen` while the scanner is left alone.
    """
    started, outcome = time.monotonic(), "error"
    try:
        signature = guard(
            VENDOR,
            lambda: _signature(_ask(content)),
            is_failure=lambda error: isinstance(error, ScannerUnavailable),
        )
        outcome = signature or "clean"
    except VendorError as error:
        outcome = error.code
        raise
    else:
        return signature
    finally:
        log.info(
            "vendor_call",
            vendor=VENDOR,
            outcome=outcome,
            size=len(content),
            milliseconds=round((time.monotonic() - started) * 1000, 1),
        )


class _Upload(io.BytesIO):
    """What the SDK reads and sends. Its first read comes right after connecting."""

    def __init__(self, content: bytes, client: ClamdNetworkSocket) -> None:
        super().__init__(content)
        self._client = client
        self._second_handle: socket.socket | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        if self._second_handle is None:
            connection = self._client.clamd_socket
            self._second_handle = connection.dup()
            connection.settimeout(ANSWER_SECONDS)
        return super().read(size)

    def early_answer(self) -> bytes:
        """What clamd said before it hung up. The SDK has closed its own handle by then."""
        if self._second_handle is None:
            return b""
        try:
            with self._second_handle.makefile("rb") as answers:
                return answers.readline(200).strip()
        except OSError:
            return b""

    def close(self) -> None:
        if self._second_handle is not None:
            self._second_handle.close()
        super().close()


def _ask(content: bytes) -> ScanResult:
    client = _client(settings.CLAMAV_URL)
    with _Upload(content, client) as upload:
        try:
            answers = client.instream(upload)
        except BufferTooLongError as error:
            raise _too_long(content) from error
        except (ClamdError, OSError) as error:
            if upload.early_answer() == TOO_LONG:
                raise _too_long(content) from error
            raise ScannerUnavailable("The virus scanner could not be reached.") from error
    return answers.get("stream", ("ERROR", "no answer"))


def _signature(answer: ScanResult) -> str:
    status, name = answer
    if status == "OK":
        return ""
    if status != "FOUND" or not name:
        raise ScannerUnavailable(f"The virus scanner could not look at the file: {name}.")
    if name.startswith(LIMIT_REACHED):
        raise BeyondScannerLimits(f"The virus scanner did not look at all of the file: {name}.")
    return name


def _too_long(content: bytes) -> BeyondScannerLimits:
    return BeyondScannerLimits(
        f"The file has {len(content):,} bytes, more than the virus scanner takes. "
        "Whoever runs it can raise its StreamMaxLength."
    )


def _client(url: str) -> ClamdNetworkSocket:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return ClamdUnixSocket(parts.path, timeout=CONNECT_SECONDS)
    return ClamdNetworkSocket(parts.hostname or "", parts.port or PORT, timeout=CONNECT_SECONDS)
