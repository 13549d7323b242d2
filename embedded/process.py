"""One child process: its own session, its log, its death with ours, its recorded identity."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embedded import notes
from embedded.faults import Fault

POLL = 0.03
LOG_LIMIT = 10 * 1024 * 1024
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Service:
    """How to run one process and how to tell that it is ready.

    `patience` is how long it may take to stop before it is killed, `startup` how long to
    get ready, both in seconds. `on_orphaned` is the signal it gets when we die.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    log: Path
    pid_file: Path
    is_ready: Callable[[], bool] = lambda: True
    stop_signal: signal.Signals = signal.SIGTERM
    on_orphaned: signal.Signals = signal.SIGKILL
    patience: float = 10
    startup: float = 60
    popen_arguments: Mapping[str, object] = field(default_factory=dict)


class Child:
    """A started `Service`."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._log_start = _rotate(service.log)
        with service.log.open("ab") as log:
            self._popen: subprocess.Popen[bytes] = subprocess.Popen(
                list(service.argv),
                cwd=service.cwd,
                env=dict(service.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(service.on_orphaned),  # noqa: PLW1509 -- one thread
                **service.popen_arguments,
            )  # type: ignore[call-overload]
        self.started = time.monotonic()
        record(service.pid_file, self.pid)

    @property
    def pid(self) -> int:
        return self._popen.pid

    def exit_code(self) -> int | None:
        return self._popen.poll()

    def wait_ready(self) -> None:
        """Returns when its probe says so; a `Fault` when it ended or took too long."""
        deadline = time.monotonic() + self.service.startup
        while not self.service.is_ready():
            if self.exit_code() is not None:
                raise self._failure(f"{self.service.name} ended with {describe(self.exit_code())}")
            if time.monotonic() > deadline:
                raise self._failure(
                    f"{self.service.name} was not ready within {self.service.startup:.0f} s"
                )
            time.sleep(POLL)

    def stop(self) -> None:
        """Ask, wait, then kill; afterwards nothing of its session is left."""
        if self.exit_code() is None:
            self._popen.send_signal(self.service.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(self.service.patience)
        self.kill()

    def kill(self) -> None:
        kill_group(self.pid, signal.SIGKILL)
        self._popen.wait()
        self.service.pid_file.unlink(missing_ok=True)

    def said(self, lines: int = 12) -> str:
        """The last lines it wrote to its log in this run."""
        with self.service.log.open("rb") as log:
            log.seek(self._log_start)
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])

    def _failure(self, what: str) -> Fault:
        return Fault(f"{what}.", f"read the whole log: {self.service.log}", self.said())


def die_with_parent(sig: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`: on Linux the child gets `sig` when we die, however that happens."""
    if LIBC is None:
        return None
    prctl, parent = LIBC.prctl, os.getpid()

    def arrange() -> None:
        prctl(PR_SET_PDEATHSIG, int(sig))
        if os.getppid() != parent:  # we died before the line above
            os._exit(1)

    return arrange


def describe(code: int | None) -> str:
    """An exit code in words: `exit 1`, `SIGKILL`."""
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit {code}"


def kill_group(pid: int, sig: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, sig)


def record(pid_file: Path, pid: int) -> None:
    """Note a process so that a later run can tell it from a stranger with the same number."""
    notes.write(pid_file, pid=pid, born=birth(pid))


def recorded(pid_file: Path) -> int | None:
    """The noted process if that very one still lives."""
    note = notes.read(pid_file)
    alive = note.get("born") and birth(note["pid"]) == note["born"]
    return int(note["pid"]) if alive else None


def sweep(pid_file: Path, sig: signal.Signals, patience: float) -> bool:
    """End a process that an earlier, killed run left behind; whether there was one."""
    pid = recorded(pid_file)
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sig)
        deadline = time.monotonic() + patience
        while recorded(pid_file) and time.monotonic() < deadline:
            time.sleep(POLL)
        kill_group(pid, signal.SIGKILL)
    pid_file.unlink(missing_ok=True)
    return pid is not None


def birth(pid: int) -> str:
    """When a process was started, as the system words it; empty when it is gone or a zombie."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return "" if fields[0] in {"Z", "X"} else fields[19]
    listing = ["ps", "-o", "lstart=", "-p", str(pid)]
    return subprocess.run(listing, capture_output=True, text=True, check=False).stdout.strip()


def _rotate(log: Path) -> int:
    """Set a grown log aside; where this run's lines will start."""
    if not log.exists():
        return 0
    if log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".1.log"))
        return 0
    return log.stat().st_size
