"""A `.local/` of its own for each test, and the program run on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from embedded import ports, process
from embedded.layout import ROOT
from tests.processes.embedded.waiting import wait_until

OUTSIDE = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "ROBLOX_API_URL",
    "SANDBOX_URL",
    "HOST",
    "PORT",
)
GENERATED = ("PUBLIC_URL", "PUSHER_URL", "MEDIA_DIR", "MAIL_OUTBOX_DIR", "TOOLBOXAI_ENV")


class Program:
    """`python -m embedded` on one `.local/`, untouched by the services the tests run in."""

    def __init__(self, local: Path) -> None:
        self.local = local
        self.started: list[subprocess.Popen[str]] = []

    def environment(self, **more: str) -> dict[str, str]:
        hidden = {*OUTSIDE, *GENERATED}
        kept = {name: value for name, value in os.environ.items() if name not in hidden}
        return {**kept, "TOOLBOXAI_LOCAL_DIR": str(self.local), **more}

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "embedded", *words],
            cwd=ROOT,
            env=self.environment(**env),
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        """In the background; the caller reads its standard output to know how far it is."""
        self.started.append(
            subprocess.Popen(
                [sys.executable, "-m", "embedded", *words],
                cwd=ROOT,
                env=self.environment(**env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return self.started[-1]

    def exec(self, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self.run("exec", "--profile", "test", "--", *command, **env)

    def pids(self, profile: str = "test") -> dict[str, int]:
        """What lives of the recorded processes."""
        home = self.local / "test" if profile == "test" else self.local
        notes = {path.stem: process.recorded(path) for path in home.glob("run/*.pid")}
        return {name: pid for name, pid in notes.items() if pid and name != "up"}


def stop(made: Program) -> None:
    """Whatever a test has left running."""
    while made.started:
        started = made.started.pop()
        started.kill()
        started.communicate()


def end(made: Program) -> None:
    stop(made)
    for profile in ("test", "dev"):
        assert made.run("reset", "--yes", "--profile", profile).returncode == 0
    shutil.rmtree(made.local, ignore_errors=True)


def begin() -> Program:
    # Passable for others: as root, PostgreSQL runs as somebody else.
    local = Path(tempfile.mkdtemp(prefix="toolboxai-"))
    local.chmod(0o755)
    return Program(local)


@pytest.fixture
def program():
    made = begin()
    yield made
    end(made)


@pytest.fixture(scope="module")
def with_database():
    made = begin()
    assert made.exec("true").returncode == 0
    yield made
    end(made)


@pytest.fixture
def settled(with_database):
    """A program whose database is made already; for tests that leave it as it is."""
    yield with_database
    stop(with_database)
    wait_until(lambda: not with_database.pids())


@pytest.fixture
def port():
    return ports.find_free()
