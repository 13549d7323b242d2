"""Front end and static files: built in a process beside the database's part of a start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from embedded import frontend, stamps
from embedded.faults import Fault
from embedded.locks import FileLock
from embedded.process import die_with_parent, kill_group

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.django_session import DjangoSession
    from embedded.layout import Layout


# Django's own boot, beside it, is what the whole start waits for.
NICENESS = 10


class Assets:
    """What `web` serves beside its pages. `begin` builds what is stale, `finish` waits for it and
    collects.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._popen: subprocess.Popen[str] | None = None

    def begin(self) -> None:
        if frontend.is_current(self._layout):
            return
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "embedded", "assets"],
            cwd=self._layout.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 -- one thread
        )

    def finish(self, django: DjangoSession) -> str:
        """A note on what was done; a `Fault` when it failed."""
        notes = (self._built(), _collect(self._layout, django))
        return ", ".join(filter(None, notes)) or "unchanged"

    def _built(self) -> str:
        if self._popen is None:
            return ""
        words, _ = self._popen.communicate()
        said = json.loads(
            words or '{"fault": ["Building the front end ended early.", "again.", ""]}'
        )
        if "fault" in said:
            raise Fault(*said["fault"])
        return str(said["note"])

    def stop(self) -> None:
        if self._popen and self._popen.poll() is None:
            kill_group(self._popen.pid, signal.SIGKILL)
            self._popen.wait()


def build(layout: Layout) -> int:
    """The process itself: builds, and says so as JSON on standard output."""
    os.nice(NICENESS)
    try:
        note = frontend.ensure(layout)
    except Fault as fault:
        print(json.dumps({"fault": [fault.what, fault.remedy, fault.detail]}))
        return 1
    print(json.dumps({"note": note}))
    return 0


def _collect(layout: Layout, django: DjangoSession) -> str:
    """`collectstatic` unless neither the files nor the packages changed."""
    with FileLock(layout.root / "static"):
        wanted = _wanted(layout)
        if stamps.matches(_stamp(layout), wanted):
            return ""
        _stamp(layout).unlink(missing_ok=True)
        django.run("collectstatic", "--noinput", "--verbosity=0")
        _stamp(layout).write_text(wanted)
        return "files collected"


def _stamp(layout: Layout) -> Path:
    return layout.root / "staticfiles" / ".collected"


def _wanted(layout: Layout) -> str:
    sources = [
        layout.root / "static",
        *layout.root.glob("apps/*/static"),
        layout.root / "config" / "settings",
        layout.root / "requirements" / "embedded.txt",
    ]
    return stamps.digest(sources, str(layout.root))
