"""Real workers and a real beat, on a Valkey of their own and a database with real commits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from celery import current_app
from django.db import connection

from benchmarks.mixed.stage import address
from embedded.process import die_with_parent
from tests.processes.embedded.waiting import wait_until
from tests.processes.jobs import tasks
from tests.processes.valkey import Valkey

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 240.0
QUEUES = "interactive,default,bulk"


class Site:
    """What the tests start, stop and look at."""

    settings = "tests.processes.jobs.settings"

    def __init__(self, valkey: Valkey, folder: Path) -> None:
        self.valkey = valkey
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []

    def worker(self, *, queues: str = QUEUES) -> subprocess.Popen[bytes]:
        """Two at a time, in a process group of its own."""
        return self._start(
            "worker", "-c", "2", "-Q", queues, "--without-gossip", "--without-mingle"
        )

    def beat(self) -> subprocess.Popen[bytes]:
        return self._start("beat", "--pidfile=")

    def open_gate(self) -> None:
        (self.folder / "open").touch()

    def has_begun(self, run, attempt: int = 1) -> bool:
        """Whether this attempt stands at its gate, or has stood there."""
        return (self.folder / f"{run.pk}.{attempt}").exists()

    def log(self, name: str) -> str:
        """What those of that name have written so far."""
        return "".join(path.read_text() for path in self.folder.glob(f"{name}-*.log"))

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        env = os.environ | {
            "DJANGO_SETTINGS_MODULE": self.settings,
            "DATABASE_URL": address("default"),
            "DATABASE_OWNER_URL": address("owner"),
            "REDIS_URL": self.valkey.url,
            "PROCESS_ALIVE_FILE": str(self.folder / f"{arguments[0]}.alive"),
        }
        command = [sys.executable, "-m", "celery", "-A", "config", *arguments, "-l", "INFO"]
        with (self.folder / f"{arguments[0]}-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 -- one thread
            )  # fmt: skip
        self.processes.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9 of a worker and its pool."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def site(transactional_db, settings, tmp_path) -> Iterator[Site]:
    with psycopg.connect(address("owner"), autocommit=True) as owner:
        owner.execute(tasks.TABLE)
    valkey = Valkey(tmp_path)
    settings.REDIS_URL = settings.CELERY_BROKER_URL = valkey.url
    site = Site(valkey, tmp_path)
    with _broker(valkey.url):
        try:
            valkey.start()
            yield site
        finally:
            for process in site.processes:
                if process.poll() is None:
                    site.kill(process)
            valkey.stop()


@contextmanager
def _broker(url: str) -> Iterator[None]:
    """This process' Celery, too, on that broker."""
    former = current_app.conf.broker_url
    current_app.conf.broker_url = url
    current_app._after_fork()  # forgets connections to the former
    try:
        yield
    finally:
        current_app.conf.broker_url = former
        current_app._after_fork()


def wait(condition) -> None:
    wait_until(condition, PATIENCE)


def effects() -> dict[str, int]:
    """How many each run has had."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT run, count(*) FROM public.effects GROUP BY run")
        return dict(cursor.fetchall())
