"""The Procfile: `name: command` lines, run by the shell with the venv first on its path."""

from __future__ import annotations

import os
import re
import signal
from typing import TYPE_CHECKING

from embedded.faults import Fault
from embedded.probes import answers_http
from embedded.process import Service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.layout import Layout

LINE = re.compile(r"^(?P<name>[a-z][a-z0-9_-]*):\s*(?P<command>\S.*)$")
PATIENCE = 15
# A slow machine that compiles everything for the first time; what has ended is noticed at once.
STARTUP = 300


def parse(text: str) -> dict[str, str]:
    """Commands by name, in the file's order; a `Fault` naming a line that is neither."""
    commands = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = LINE.match(line)
        if not found:
            raise Fault(f"Procfile, line {number}: not `name: command`.", "correct that line.")
        commands[found["name"]] = found["command"]
    return commands


def services(layout: Layout, env: Mapping[str, str]) -> list[Service]:
    """What the Procfile names; `web` is ready once it answers /healthz."""
    commands = parse((layout.root / "Procfile").read_text())
    path = f"{layout.venv / 'bin'}{os.pathsep}{env.get('PATH', os.defpath)}"
    return [
        Service(
            name=name,
            argv=["/bin/sh", "-c", f"exec {command}"],
            env={**env, "PATH": path, "PYTHONUNBUFFERED": "1"},
            cwd=layout.root,
            log=layout.logs / f"{name}.log",
            pid_file=layout.run / f"{name}.pid",
            is_ready=(lambda: _web_answers(env)) if name == "web" else lambda: True,
            stop_signal=signal.SIGTERM,
            patience=PATIENCE,
            startup=STARTUP,
        )
        for name, command in commands.items()
    ]


def _web_answers(env: Mapping[str, str]) -> bool:
    host = env["HOST"]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- compared
    return answers_http(int(env["PORT"]), "/healthz", host=reachable)
