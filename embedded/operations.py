"""What one does around a running product: stop it, look at it, begin anew."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from embedded import notes, welcome
from embedded.faults import Fault
from embedded.keeper import stop_keeper
from embedded.locks import FileLock, is_held
from embedded.postgres import SYSTEM_HOME
from embedded.process import recorded, sweep

if TYPE_CHECKING:
    from embedded.layout import Layout

STOP_SECONDS = 120
PROCESSES = ("postgres", "valkey", "sandbox", "web", "worker", "beat")


def down(layout: Layout) -> int:
    """Stop everything of this profile, whoever started it; data is kept."""
    if not layout.run.exists():
        print("Nothing is running.")
        return 0
    stopped = _stop_up(layout)
    for name in ("beat", "worker", "web", "sandbox"):
        stopped |= sweep(layout.run / f"{name}.pid", signal.SIGTERM, 10)
    stopped |= stop_keeper(layout)
    for name in ("valkey", "postgres"):
        stopped |= sweep(layout.run / f"{name}.pid", signal.SIGINT, 60)
    print("Stopped. Your data is kept." if stopped else "Nothing is running.")
    return 0


def reset(layout: Layout, *, sure: bool) -> int:
    """Delete the profile's data and secrets after asking; packages and builds stay."""
    if not layout.home.exists():
        print("There is nothing to delete.")
        return 0
    if not sure and not _confirm(layout):
        print("Nothing was deleted.")
        return 1
    down(layout)
    database = (layout.home / "postgres").resolve()
    shutil.rmtree(database, ignore_errors=True)
    with contextlib.suppress(OSError):
        SYSTEM_HOME.rmdir()  # unless another checkout keeps data there
    # The tests' own data lie in here too, and a test run may be using them.
    for path in layout.home.iterdir():
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.name != "test":
            shutil.rmtree(path)
    with contextlib.suppress(OSError):
        layout.home.rmdir()
    print(f"Deleted what was in {layout.home}. `make up` begins anew.")
    return 0


def status(layout: Layout) -> int:
    """Print what runs; 0 when everything of a start does, else 1."""
    alive = {name: recorded(layout.run / f"{name}.pid") for name in PROCESSES}
    for name, pid in alive.items():
        print(f"  {name:<10} {f'running, pid {pid}' if pid else 'not running'}")
    if is_held(layout.run / "up.lock"):
        print(welcome.already_running(layout))
        return 0
    print("ToolBoxAI is not running; `make up` starts it.")
    return 1


def logs(layout: Layout, names: list[str], *, follow: bool) -> int:
    """Show the last lines of the named logs (all, without names), and go on if asked."""
    known = sorted(path.stem for path in layout.logs.glob("*.log"))
    unknown = [name for name in names if name not in known]
    if unknown or not known:
        raise Fault(
            f"There is no log {', '.join(unknown)}." if unknown else "There are no logs yet.",
            f"choose from: {', '.join(known)}." if known else "`make up` first.",
        )
    files = [str(layout.logs / f"{name}.log") for name in names or known]
    return subprocess.run(
        ["tail", "-n", "20", *(["-F"] if follow else []), *files], check=False
    ).returncode


def start_detached(layout: Layout) -> int:
    """`up` in the background; returns when it runs, with everything it has said."""
    log = layout.logs / "up.log"
    with log.open("wb") as output:
        started = subprocess.Popen(
            [sys.executable, "-m", "embedded", "up"],
            cwd=layout.root,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    ready = layout.run / "up.json"
    while started.poll() is None and not _is_told(ready, started.pid):
        time.sleep(0.1)
    print(log.read_text())
    return started.poll() or 0


def _is_told(ready: Path, pid: int) -> bool:
    return bool(notes.read(ready).get("pid") == pid)


def _stop_up(layout: Layout) -> bool:
    lock = layout.run / "up.lock"
    if not is_held(lock):
        return False
    pid = recorded(layout.run / "up.pid")
    if pid:
        os.kill(pid, signal.SIGTERM)
    probe = FileLock(lock)
    if not probe.acquire(STOP_SECONDS):
        raise Fault(
            f"It did not stop within {STOP_SECONDS} s.", f"`kill -9 {pid}`, then `make down`."
        )
    probe.release()
    return True


def _confirm(layout: Layout) -> bool:
    print(f"This deletes what is in {layout.home}: database, files, mails, secrets.")
    if not sys.stdin.isatty():
        raise Fault("Nobody is there to ask.", "in a script say it outright: `reset --yes`.")
    return input("Type `reset` to go on: ").strip() == "reset"
