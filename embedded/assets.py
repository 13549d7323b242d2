"""Front end and static files, in a process beside the database's part of a start."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from embedded import frontend, stamps
from embedded.django_session import DjangoSession
from embedded.faults import Fault
from embedded.locks import FileLock
from embedded.process import die_with_parent, kill_group

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from embedded.layout import Layout


class Assets:
    """What `web` serves beside its pages. `begin` builds what is stale, `finish` waits for it."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._popen: subprocess.Popen[str] | None = None

    def begin(self, env: Mapping[str, str]) -> None:
        if frontend.is_current(self._layout) and _is_collected(self._layout):
            return
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "embedded", "assets"],
            cwd=self._layout.root,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 -- one thread
        )

    def finish(self) -> str:
        """A note on what was done; a `Fault` when it failed."""
        if self._popen is None:
            return "unchanged"
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


def build(layout: Layout, env: Mapping[str, str]) -> int:
    """The process itself: builds, and says so as JSON on standard output."""
    try:
        notes = [frontend.ensure(layout), _collect(layout, env)]
    except Fault as fault:
        print(json.dumps({"fault": [fault.what, fault.remedy, fault.detail]}))
        return 1
    print(json.dumps({"note": ", ".join(notes)}))
    return 0


def _collect(layout: Layout, env: Mapping[str, str]) -> str:
    """`collectstatic` unless neither the files nor the packages changed."""
    with FileLock(layout.root / "static"):
        if _is_collected(layout):
            return "files unchanged"
        _stamp(layout).unlink(missing_ok=True)
        with DjangoSession(layout, env) as django:
            django.run("collectstatic", "--noinput", "--verbosity=0")
        _stamp(layout).write_text(_wanted(layout))
        return "files collected"


def _is_collected(layout: Layout) -> bool:
    return stamps.matches(_stamp(layout), _wanted(layout))


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
