"""Run one command with a profile's services around it."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from embedded import credentials, environ, ports, sandbox
from embedded.faults import Fault
from embedded.keeper import Services
from embedded.process import Child, die_with_parent
from embedded.supervisor import stop_signals_raise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embedded.layout import Layout


def execute(layout: Layout, command: Sequence[str], *, with_sandbox: bool = False) -> int:
    """Its exit code, or 128 + the signal that ended it.

    Starts what does not run yet, and stops afterwards what nobody else uses.
    """
    layout.prepare()
    given = environ.Given.from_process()
    with (
        stop_signals_raise(),
        _services(layout, given),
        _sandbox(layout, given, wanted=with_sandbox) as more,
    ):
        return _run(command, environ.compose(layout, **more))


@contextmanager
def _services(layout: Layout, given: environ.Given) -> Iterator[None]:
    environ.complete_file(layout)
    if layout.profile == "test":
        credentials.update(layout.env_file, environ.addresses(layout, given))
    services = Services(layout, postgres=not given.database, valkey=not given.redis)
    try:
        services.acquire()
        yield
    finally:
        services.release()


@contextmanager
def _sandbox(layout: Layout, given: environ.Given, *, wanted: bool) -> Iterator[dict[str, str]]:
    """One of our own, with fresh data, so that concurrent runs do not meet in it."""
    if not wanted or given.roblox:
        yield {}
        return
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=layout.home / "sandbox"))
    port = ports.find_free()
    child = Child(sandbox.service(layout, port, folder, name=folder.name))
    try:
        child.wait_ready()
        yield {"ROBLOX_API_URL": sandbox.address(port), "SANDBOX_URL": sandbox.address(port)}
    finally:
        child.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: Sequence[str], env: dict[str, str]) -> int:
    try:
        # In our own process group: Ctrl-C reaches it from the terminal, as it expects.
        child = subprocess.Popen(
            list(command),
            env=env,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 -- one thread
        )
    except OSError as error:
        raise Fault(
            f"{command[0]} cannot be run: {error.strerror}.", "check its name and path."
        ) from None
    return _wait(child)


def _wait(child: subprocess.Popen[bytes]) -> int:
    def forward(number: int, _frame: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGHUP, forward)
    code = child.wait()
    return 128 - code if code < 0 else code
