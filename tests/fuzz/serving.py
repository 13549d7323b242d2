"""A web process on a free port, against the database this test process is on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from benchmarks.mixed.stage import address

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90


@contextmanager
def served(
    log: Path,
    *,
    settings_module: str = "tests.fuzz.settings",
    application: str = "tests.fuzz.application:application",
    **names: str,
) -> Iterator[int]:
    """Its port; what it says goes into `log`. `names` are more of its environment."""
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": settings_module,
        "DATABASE_URL": address("default"),
        "DATABASE_OWNER_URL": address("owner"),
        "REDIS_URL": settings.REDIS_URL,
        "DATABASE_POOL_SIZE": "4",
        **names,
    }
    command = [sys.executable, "-m", "uvicorn", application, "--port", "0"]
    command += ["--no-access-log", "--lifespan", "off"]
    with (
        log.open("wb") as said,
        subprocess.Popen(command, cwd=ROOT, env=env, stdout=said, stderr=said) as process,
    ):
        try:
            yield _port(process, log)
        finally:
            process.terminate()


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"running on http://127\.0\.0\.1:(\d+)", log.read_text()):
            return int(found[1])
        time.sleep(0.05)
    raise AssertionError(f"the web process did not start:\n{log.read_text()}")
