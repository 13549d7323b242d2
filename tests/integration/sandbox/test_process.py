"""The sandbox as a process: what it keeps, and how it stops."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[3]


@contextlib.contextmanager
def running(data_dir: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--data-dir", str(data_dir)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().split()[-1], process
        finally:
            process.kill()


def test_it_says_that_it_is_well(tmp_path):
    with running(tmp_path) as (url, _process):
        assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("ending", ["terminate", "kill"])
def test_what_it_holds_outlives_it(tmp_path, ending):
    with running(tmp_path) as (url, process):
        httpx.post(f"{url}/_sandbox/experiences", json={"name": "Reef"})
        getattr(process, ending)()
        process.wait(timeout=10)
    with running(tmp_path) as (url, _process):
        [found] = httpx.get(f"{url}/_sandbox/state").json()["experiences"]
        assert found["name"] == "Reef"


def test_an_open_page_does_not_keep_it_from_stopping(tmp_path):
    with (
        running(tmp_path) as (url, process),
        httpx.stream("GET", f"{url}/_sandbox/events") as events,
    ):
        assert next(events.iter_lines()) == "data: 0"
        process.terminate()
        process.wait(timeout=10)
