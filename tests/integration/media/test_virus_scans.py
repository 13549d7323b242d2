"""What becomes of a stored file, by what the scanner says, and of a scanner that says nothing."""

from __future__ import annotations

import socket

import pytest

from apps.media import clamav_api
from apps.media.models import Blob
from apps.media.services import blobs, virus_scans
from tests.fixtures.clamd import EICAR, LARGEST_FILE, LONGEST_STREAM, SIGNATURE, stand_in

pytestmark = pytest.mark.usefixtures("own_redis")  # the circuit's state is every test's own


@pytest.fixture
def scanner(settings):
    with stand_in() as server:
        settings.CLAMAV_URL = server.url
        yield server


def examined(content: bytes) -> Blob:
    return Blob.objects.get(pk=virus_scans.examine(blob=blobs.store(content=content)).pk)


def test_without_a_scanner_a_file_stays_unscanned(in_alpha, settings):
    settings.CLAMAV_URL = ""
    assert examined(EICAR).scan_state == "not_scanned"


def test_a_clean_file_is_handed_out(in_alpha, scanner):
    blob = examined(b"place")
    assert (blob.scan_state, blob.scan_detail) == ("clean", "")
    assert blobs.read(blob=blob) == b"place"


def test_an_infected_file_is_kept_but_not_handed_out(in_alpha, scanner):
    blob = examined(b"place" + EICAR)
    assert (blob.scan_state, blob.scan_detail) == ("infected", SIGNATURE)
    with pytest.raises(blobs.BlobInfected, match=SIGNATURE):
        blobs.read(blob=blob)


def test_a_withdrawn_signature_frees_the_file(in_alpha, scanner):
    blob = blobs.store(content=b"place")
    blob.scan_state, blob.scan_detail = Blob.ScanState.INFECTED, "False.Alarm"
    blob.save()
    assert examined(b"place").scan_state == "clean"


@pytest.mark.parametrize("size", [LARGEST_FILE + 1, LONGEST_STREAM + 1, 5_000_000])
def test_a_file_beyond_the_scanners_limits_is_refused_for_good(in_alpha, scanner, size):
    with pytest.raises(clamav_api.BeyondScannerLimits) as caught:
        examined(b"x" * size)
    assert caught.value.permanent
    assert Blob.objects.get().scan_state == "not_scanned"


@pytest.mark.parametrize("size", [10, 5_000_000])
@pytest.mark.parametrize("says", [b"", b"stream: Can't allocate memory ERROR\n", b"Hello\n"])
def test_a_scanner_without_a_verdict_is_asked_again_later(settings, says, size):
    with stand_in(says=says) as server:
        settings.CLAMAV_URL = server.url
        with pytest.raises(clamav_api.ScannerUnavailable) as caught:
            clamav_api.scan(b"x" * size)
    assert not caught.value.permanent


def test_an_unreachable_scanner_is_asked_again_later(settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and never listens
        settings.CLAMAV_URL = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(clamav_api.ScannerUnavailable):
            clamav_api.scan(b"place")


def test_a_silent_scanner_is_not_waited_for_without_end(settings, monkeypatch):
    monkeypatch.setattr(clamav_api, "ANSWER_SECONDS", 0.05)
    monkeypatch.setattr(clamav_api, "CONNECT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.CLAMAV_URL = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(clamav_api.ScannerUnavailable):
            clamav_api.scan(b"place")
