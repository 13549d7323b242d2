"""The process that owns a profile's PostgreSQL and Valkey for as long as somebody uses them.

Everybody who needs them (`up`, `exec`, `shell`) holds a shared lock; the keeper runs until
it can have that lock for itself, then stops both and goes. The kernel releases a lock with
its holder, so users may come, share, leave and be killed in any order, and nothing stays
behind.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from embedded import credentials, notes, ports
from embedded.faults import Fault
from embedded.locks import FileLock, is_held
from embedded.postgres import Postgres
from embedded.postgres import addresses as postgres_addresses
from embedded.process import sweep
from embedded.supervisor import Stopped, Supervisor, stop_signals_raise
from embedded.valkey import Valkey
from embedded.valkey import address as valkey_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.layout import Layout

START_SECONDS = 330
STOP_SECONDS = 90
POLL = 0.05


class Services:
    """A user's side: `acquire()` makes the servers run, `release()` lets them go."""

    def __init__(self, layout: Layout, *, postgres: bool, valkey: bool) -> None:
        self.layout = layout
        self.wanted = [n for n, on in (("postgres", postgres), ("valkey", valkey)) if on]
        self._use = FileLock(layout.run / "users.lock", shared=True)

    @property
    def are_new(self) -> bool:
        """Whether there are no data yet."""
        return not (self.layout.home / "postgres" / "data").exists()

    def foresee(self) -> dict[str, str]:
        """The addresses they will have. To be asked while nobody uses them."""
        secrets, known = credentials.read(self.layout.env_file), self.layout.run / "ports.json"
        return _addresses(secrets, {name: ports.remembered(known, name) for name in self.wanted})

    def acquire(self) -> str:
        """Returns when they are ready, with the keeper's remark on anything unusual."""
        if not self.wanted:
            return ""
        # Waits only while a keeper is just stopping.
        if not self._use.acquire(STOP_SECONDS):
            raise Fault("The services are still stopping.", "wait a moment and try again.")
        return self.ensure()

    def ensure(self) -> str:
        """Start a keeper unless a ready one runs. To be called while holding the lock."""
        start = FileLock(self.layout.run / "start.lock")
        if not start.acquire(START_SECONDS):
            raise Fault("Another start is hanging.", "`make down`, then try again.")
        try:
            return "" if self._has_keeper() else self._start_keeper()
        finally:
            start.release()

    def is_kept(self) -> bool:
        return not self.wanted or is_held(self.layout.run / "keeper.lock")

    def release(self) -> None:
        """When nobody else uses them, they have stopped on return."""
        if self.wanted and self._use.become_exclusive():
            stop_keeper(self.layout)
        self._use.release()

    def _has_keeper(self) -> bool:
        """Whether one runs and is ready; waits for one whose starter was killed meanwhile."""
        deadline = time.monotonic() + START_SECONDS
        while self.is_kept() and time.monotonic() < deadline:
            ready = _state(self.layout).get("ready", [])
            if set(self.wanted) <= set(ready):
                return True
            if ready:
                raise Fault(
                    "These services run for somebody who brought a server of their own.",
                    "stop that run first: `make down`.",
                )
            time.sleep(POLL)
        return False

    def _start_keeper(self) -> str:
        reader, writer = os.pipe()
        log = (self.layout.logs / "keeper.log").open("ab")
        command = [sys.executable, "-m", "embedded", "keep", "--profile", self.layout.profile]
        subprocess.Popen(
            [*command, "--tell", str(writer), *self.wanted],
            cwd=self.layout.root,
            env=_keeper_environment(self.layout),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[writer],
            start_new_session=True,
        )
        log.close()
        os.close(writer)
        with os.fdopen(reader) as words:
            return _understand(words.read(), self.layout)


def keep(layout: Layout, wanted: list[str], tell: int) -> int:
    """The keeper itself. It reports through `tell` once: ready, or what is wrong."""
    own = FileLock(layout.run / "keeper.lock")
    if not own.acquire(STOP_SECONDS):
        return _tell(tell, fault=["Another keeper runs.", "`make down`, then try again.", ""])
    supervisor = Supervisor()
    state = layout.run / "keeper.json"
    notes.write(state, pid=os.getpid())
    try:
        with stop_signals_raise():
            remark = _start(layout, wanted, supervisor)
        notes.write(state, pid=os.getpid(), ready=wanted)
        _tell(tell, remark=remark)
        supervisor.watch(until=FileLock(layout.run / "users.lock").try_acquire)
    except Stopped:
        return _tell(tell, fault=["The start was called off.", "start again.", ""])
    except Fault as fault:
        return _tell(tell, fault=[fault.what, fault.remedy, fault.detail])
    finally:
        supervisor.stop()
        state.unlink(missing_ok=True)
    return 0


def stop_keeper(layout: Layout) -> bool:
    """Stop a running keeper and wait for it; whether there was one."""
    if not is_held(layout.run / "keeper.lock"):
        return False
    pid = _state(layout).get("pid")
    if isinstance(pid, int):
        os.kill(pid, signal.SIGTERM)
    own = FileLock(layout.run / "keeper.lock")
    stopped = own.acquire(STOP_SECONDS)
    own.release()
    return stopped


def _start(layout: Layout, wanted: list[str], supervisor: Supervisor) -> str:
    secrets = credentials.read(layout.env_file)
    for name in ("valkey", "postgres"):
        sweep(layout.run / f"{name}.pid", signal.SIGINT, STOP_SECONDS)
    remark, services, used = "", [], {}
    if "postgres" in wanted:
        postgres = Postgres.of(
            layout, secrets["POSTGRES_PASSWORD"], secrets["POSTGRES_APP_PASSWORD"]
        )
        remark = postgres.prepare()
        services.append(postgres.service())
        used["postgres"] = postgres.port
    if "valkey" in wanted:
        valkey = Valkey.of(layout, secrets["VALKEY_PASSWORD"])
        services.append(valkey.service())
        used["valkey"] = valkey.port
    supervisor.start(*services)
    credentials.update(layout.env_file, _addresses(secrets, used))
    return remark


def _addresses(secrets: Mapping[str, str], used: Mapping[str, int]) -> dict[str, str]:
    urls: dict[str, str] = {}
    if "postgres" in used:
        passwords = secrets["POSTGRES_PASSWORD"], secrets["POSTGRES_APP_PASSWORD"]
        urls |= postgres_addresses(used["postgres"], *passwords)
    if "valkey" in used:
        urls["REDIS_URL"] = valkey_address(used["valkey"], secrets["VALKEY_PASSWORD"])
    return urls


def _keeper_environment(layout: Layout) -> Mapping[str, str]:
    base = layout.home.parent if layout.profile == "test" else layout.home
    return {**os.environ, "TOOLBOXAI_LOCAL_DIR": str(base)}


def _state(layout: Layout) -> dict[str, Any]:
    return notes.read(layout.run / "keeper.json")


def _tell(pipe: int, **message: object) -> int:
    """Say it to the starter if it still listens; the exit code that goes with it."""
    try:
        with os.fdopen(pipe, "w") as words:
            words.write(json.dumps(message))
    except BrokenPipeError:
        pass
    return 1 if "fault" in message else 0


def _understand(words: str, layout: Layout) -> str:
    if not words:
        log = layout.logs / "keeper.log"
        raise Fault("The services did not start.", f"read {log}.", log.read_text()[-2000:])
    message = json.loads(words)
    if "fault" in message:
        raise Fault(*message["fault"])
    return str(message["remark"])
