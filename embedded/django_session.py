"""One Django process for all management commands of a start: it boots once, not four times.

Run as a program it says so once Django has booted, then reads commands as JSON lists from
standard input, one a line, and answers each with a JSON object on standard output; what the
commands print is in its log.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import traceback
from typing import TYPE_CHECKING, Any, Self

from embedded.faults import Fault
from embedded.process import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from embedded.layout import Layout

ENDING = 12
DONE = {"done": True}
# A migration that waits for a lock holds up everybody behind it. What is not yet on disk when
# the power fails is done again: the note that it was done is written, and synced, after it.
OPTIONS = "-c lock_timeout=5s -c synchronous_commit=off"


class DjangoSession:
    """The side that asks. Django boots with the first command, or when it is told to `begin`."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._env: Mapping[str, str] = {}
        self._log = layout.logs / "manage.log"
        self._popen: subprocess.Popen[str] | None = None
        self._has_booted = False

    def begin(self, env: Mapping[str, str]) -> None:
        """Boot beside whatever else is done until `settle`, in the environment that is foreseen."""
        self._env = env
        self._boot()

    def settle(self, env: Mapping[str, str]) -> None:
        """The environment of all commands. What has begun in another is given up."""
        if env != self._env:
            self._end()
        self._env = env

    @property
    def has_begun(self) -> bool:
        return self._popen is not None

    def wait(self) -> None:
        """Returns when it has booted; a `Fault` with its last words when it could not."""
        if self._popen is None:
            self._boot()
        if not self._has_booted:
            self._demand("Django did not start.", self._listen())
            self._has_booted = True

    def run(self, *command: str) -> None:
        """Run `manage.py <command>`; a `Fault` with its last words when it fails."""
        self.wait()
        self._demand(f"`manage.py {' '.join(command)}` failed.", self._ask(command))

    def _boot(self) -> None:
        with self._log.open("ab") as log:
            self._popen = subprocess.Popen(
                [str(self._layout.python), "-m", "embedded.django_session"],
                cwd=self._layout.root,
                env={**self._env, "PGOPTIONS": OPTIONS, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 -- one thread
            )

    def _demand(self, failure: str, answer: dict[str, Any]) -> None:
        if not answer.get("done"):
            said = answer.get("said") or "\n".join(
                self._log.read_text(errors="replace").splitlines()[-ENDING:]
            )
            raise Fault(failure, f"read the whole: {self._log}", said)

    def _ask(self, command: tuple[str, ...]) -> dict[str, Any]:
        if self._popen and self._popen.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._popen.stdin.write(json.dumps(command) + "\n")
                self._popen.stdin.flush()
        return self._listen()

    def _listen(self) -> dict[str, Any]:
        """Empty when the other side has died."""
        said = self._popen.stdout.readline() if self._popen and self._popen.stdout else ""
        return dict(json.loads(said or "{}"))

    def _end(self) -> None:
        """Whatever it was asked has been answered: nothing is left that an orderly end would do."""
        if self._popen:
            self._popen.kill()
            self._popen.communicate()
        self._popen, self._has_booted = None, False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()


def serve() -> None:
    """The side that answers."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    answers.write(json.dumps(DONE) + "\n")
    for line in sys.stdin:
        answers.write(json.dumps(_run_one(json.loads(line))) + "\n")


def _run_one(command: list[str]) -> dict[str, object]:
    from django.core.management import call_command

    print(f"$ manage.py {' '.join(command)}", flush=True)
    try:
        call_command(*command)
    except Exception:  # noqa: BLE001 -- whatever a command raises is the asking side's to tell
        traceback.print_exc()
        return {"said": "\n".join(traceback.format_exc().splitlines()[-ENDING:])}
    return {**DONE}


if __name__ == "__main__":
    serve()
