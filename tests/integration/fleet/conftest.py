"""The code's next releases: migrations that stand in a folder of the test's own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from textwrap import dedent, indent

import pytest
from django.db import connections

from apps import marks

HEAD = """
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import F
from apps.fleet.operations import BackfillInBatches

{before}

class Migration(migrations.Migration):
    dependencies = [("marks", {after!r})]
"""
_numbers = count()
Release = Callable[..., None]


@pytest.fixture
def release(tmp_path, settings, monkeypatch) -> Release:
    """`release(name, body)` puts a migration of the app `marks` into the code: `body` is the inside
    of its class, `before` stands above it.
    """
    package = f"next_release_{next(_numbers)}"
    folder = tmp_path / package
    shutil.copytree(Path(marks.__file__).parent / "migrations", folder)
    monkeypatch.syspath_prepend(tmp_path)

    def add(name: str, body: str, *, before: str = "") -> None:
        last = max(path.stem for path in folder.glob("0*.py"))
        head = HEAD.format(after=last, before=dedent(before))
        (folder / f"{name}.py").write_text(head + indent(dedent(body), "    "))
        settings.MIGRATION_MODULES = {**settings.MIGRATION_MODULES, "marks": package}
        for module in [each for each in sys.modules if each.startswith(package)]:
            del sys.modules[module]

    return add


@pytest.fixture
def kill_when() -> Callable[[Callable[[], object], Callable[[], bool]], None]:
    """`kill_when(work, seen)` does `work` in another process, and ends that with SIGKILL as soon as
    `seen()`.
    """

    def run(work: Callable[[], object], seen: Callable[[], bool]) -> None:
        connections.close_all()
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                work()
            os._exit(0)
        deadline = time.monotonic() + 20
        while not seen():
            assert time.monotonic() < deadline
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        _wait_for_sessions()

    return run


def _wait_for_sessions() -> None:
    """Until the server has noticed that the killed one is gone."""
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()"
    )
    deadline = time.monotonic() + 20
    with connections["default"].cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(others)
            if cursor.fetchone()[0] == 0:
                return
    raise AssertionError("the killed one's session goes on")
