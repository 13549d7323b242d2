"""One Django process for all management commands of a start: it boots once, not four times.

Run as a program it reads commands as JSON lists from standard input, one a line, and
answers each with a JSON object on standard output; what the commands print is in its log.
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
# A migration that waits for a lock holds up everybody behind it. What is not yet on disk when
# the power fails is done again: the note that it was done is written, and synced, after it.
OPTIONS = "-c lock_timeout=5s -c synchronous_commit=off"


class DjangoSession:
    """The side that asks. Django boots with the first command."""

    def __init__(self, layout: Layout, env: Mapping[str, str]) -> None:
        self._layout = layout
        self._env = env
        self._log = layout.logs / "manage.log"
        self._popen: subprocess.Popen[str] | None = None

    def _boot(self) -> subprocess.Popen[str]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
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

    def run(self, *command: str) -> None:
        """Run `manage.py <command>`; a `Fault` with its last words when it fails."""
        self._popen = self._popen or self._boot()
        answer = _ask(self._popen, command)
        if not answer.get("done"):
            said = answer.get("said") or self._ending()
            raise Fault(
                f"`manage.py {' '.join(command)}` failed.", f"read the whole: {self._log}", said
            )

    def _ending(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-ENDING:])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._popen:
            # Whatever it was asked has been answered: nothing is left that an orderly end would do.
            self._popen.kill()
            self._popen.communicate()


def _ask(popen: subprocess.Popen[str], command: tuple[str, ...]) -> dict[str, Any]:
    """Empty when the other side has died."""
    if popen.stdin is None or popen.stdout is None:
        return {}
    with contextlib.suppress(BrokenPipeError):
        popen.stdin.write(json.dumps(command) + "\n")
        popen.stdin.flush()
    return dict(json.loads(popen.stdout.readline() or "{}"))


def serve() -> None:
    """The side that answers."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
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
    return {"done": True}


if __name__ == "__main__":
    serve()
