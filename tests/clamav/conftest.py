"""A real clamd (Debian's clamav-daemon) with one signature of our own, so nothing is downloaded."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.fixtures.clamd import EICAR, LARGEST_FILE, LONGEST_STREAM, SIGNATURE

STARTED = "Self checking"  # the last line before it serves


class RealClamd(NamedTuple):
    """Its two addresses, each as a `CLAMAV_URL`."""

    url: str
    unix_url: str


@pytest.fixture(scope="session")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealClamd]:
    program = shutil.which("clamd", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "there is no clamd here: apt-get install clamav-daemon"
    folder, port = tmp_path_factory.mktemp("clamd"), _free_port()
    command = [program, "--config-file", str(_configured(folder, port))]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        _await_start(process)
        yield RealClamd(f"tcp://127.0.0.1:{port}", f"unix://{folder}/clamd.sock")
        process.terminate()


def _await_start(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    said = []
    for line in process.stdout:
        if line.startswith(STARTED):
            return
        said.append(line)
    pytest.fail("clamd did not start: " + "".join(said))


def _configured(folder: Path, port: int) -> Path:
    name = SIGNATURE.removesuffix(".UNOFFICIAL")  # clamd's mark on what ClamAV did not sign
    (folder / "own.ndb").write_text(f"{name}:0:*:{EICAR.hex()}\n")
    config = folder / "clamd.conf"
    config.write_text(
        f"Foreground yes\nTCPSocket {port}\nTCPAddr 127.0.0.1\n"
        f"LocalSocket {folder}/clamd.sock\nDatabaseDirectory {folder}\n"
        f"StreamMaxLength {LONGEST_STREAM}\nMaxFileSize {LARGEST_FILE}\nAlertExceedsMax yes\n"
    )
    return config


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
