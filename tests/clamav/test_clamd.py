"""The product on a real clamd, and the tests' stand-in held to it."""

from __future__ import annotations

import contextlib
import socket
import struct
from urllib.parse import urlsplit

import pytest

from apps.core.errors import VendorError
from apps.media import clamav_api
from tests.factories.roblox import make_experience, make_release
from tests.fixtures.clamd import EICAR, SAMPLES, SIGNATURE, stand_in


@pytest.fixture
def double():
    with stand_in() as server:
        yield server


def answer(url: str, command: bytes, content: bytes) -> bytes:
    """What comes back, without its end of line, also when the sending is cut off."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(command)
            connection.sendall(struct.pack("!L", len(content)) + content if content else b"")
            connection.sendall(struct.pack("!L", 0))
        with connection.makefile("rb") as reply:
            return b"".join(iter(lambda: reply.read(1), command[-1:]))


def verdict(settings, url: str, content: bytes) -> str:
    settings.CLAMAV_URL = url
    try:
        return clamav_api.scan(content)
    except VendorError as error:
        return f"{error.code}: {error.detail}"


@pytest.mark.parametrize("command", [b"nINSTREAM\n", b"zINSTREAM\0", b"nHELLO\n"])
@pytest.mark.parametrize("name", SAMPLES)
def test_the_stand_in_answers_as_clamd_does(clamd, double, command, name):
    real = answer(clamd.url, command, SAMPLES[name])
    assert real.endswith((b"OK", b"FOUND", b"ERROR", b"UNKNOWN COMMAND"))
    assert answer(double.url, command, SAMPLES[name]) == real


@pytest.mark.parametrize("name", SAMPLES)
def test_the_product_understands_both_alike(clamd, double, settings, name):
    real = verdict(settings, clamd.url, SAMPLES[name])
    assert verdict(settings, double.url, SAMPLES[name]) == real
    assert real.partition(":")[0] in {"", SIGNATURE, "beyond_scanner_limits"}


def test_a_unix_socket_serves_too(clamd, settings, socket_enabled):
    assert verdict(settings, clamd.unix_url, EICAR) == SIGNATURE
    assert verdict(settings, clamd.unix_url, b"place") == ""
    too_much = verdict(settings, clamd.unix_url, SAMPLES["far too much"])
    assert too_much.startswith("beyond_scanner_limits")


def test_a_release_goes_by_what_clamd_says(clamd, settings, roblox, in_alpha, owner):
    settings.CLAMAV_URL = clamd.url
    lab = make_experience(roblox, owner)
    assert make_release(lab, "1.0.0", owner).state == "ready"
    infected = make_release(lab, "1.1.0", owner, f"-- {EICAR.decode()}")
    assert infected.state == "blocked"
    assert SIGNATURE in infected.findings.get(rule="virus").message
