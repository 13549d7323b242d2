"""Ports: inner ones move to a free one and are remembered, the web's is the person's to choose."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

from embedded import notes
from embedded.faults import Fault

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK = "127.0.0.1"
HIGHEST = 65535


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen there now."""
    try:
        _bind(port, host)
    except OSError:
        return False
    return True


def find_free() -> int:
    """A port of the system's choosing, free for TCP and for UDP."""
    with (
        socket.socket() as probe,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        # TCP chooses first: Linux gives listeners odd ports and connections even ones, so none is
        # taken by a connection before the server listens there.
        probe.bind((LOOPBACK, 0))
        port = int(probe.getsockname()[1])
        try:
            datagrams.bind((LOOPBACK, port))
        except OSError:
            return find_free()
        return port


def remembered(file: Path, name: str) -> int:
    """The port `name` had last time, or a free one that is noted in `file` from now on."""
    known: dict[str, int] = notes.read(file)
    if name in known and is_free(known[name]):
        return known[name]
    known[name] = find_free()
    notes.write(file, **known)
    return known[name]


def require_web_port(text: str, host: str) -> int:
    """The web's port as a number; a `Fault` when it is taken, forbidden or no port."""
    if not text.isdigit() or not 0 < int(text) <= HIGHEST:
        raise Fault(f"PORT={text} is not a port.", "choose a number from 1024 to 65535.")
    port = int(text)
    try:
        _bind(port, host)
    except OSError as error:
        raise _explain(error, port, host) from None
    return port


def _explain(error: OSError, port: int, host: str) -> Fault:
    other = next((p for p in range(8010, 8100, 10) if is_free(p)), 0) or find_free()
    reasons = {
        errno.EADDRINUSE: f"Port {port} is already in use by another program.",
        errno.EACCES: f"Port {port} is reserved for the system's own services.",
        errno.EADDRNOTAVAIL: f"HOST={host} is no address of this machine.",
    }
    what = reasons.get(error.errno or 0, f"{host}:{port} cannot be used: {error.strerror}.")
    if error.errno == errno.EADDRNOTAVAIL:
        return Fault(what, "leave HOST unset, or use an address that `ip addr` lists.")
    return Fault(what, f"stop that program, or choose another port: `make up PORT={other}`.")


def _bind(port: int, host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do it: a connection of an earlier run in TIME_WAIT is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
