"""`.venv` with the locked requirements in it, by uv where there is one, else by pip."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from embedded import stamps
from embedded.faults import Fault
from embedded.layout import require_space
from embedded.locks import FileLock

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.layout import Layout

Purpose = Literal["embedded", "dev"]
FRESH_MEGABYTES = 1000
UPDATE_MEGABYTES = 300
VERSION = "import sys; raise SystemExit(sys.version_info < (3, 11))"
OFFLINE = re.compile(
    "name resolution|Name or service not known|Failed to establish a new connection|"
    "Network is unreachable|dns error|error sending request|Connection refused|timed out|"
    "Could not connect|tunnel|ProxyError",
    re.IGNORECASE,
)
NO_WHEEL = re.compile(
    "No matching distribution|no wheels|no usable wheels|no solution found", re.IGNORECASE
)
BAD_HASH = re.compile("DO NOT MATCH THE HASHES|hash mismatch", re.IGNORECASE)


def ensure(layout: Layout, purpose: Purpose) -> str:
    """Install what that purpose needs unless it is there; a note on what was done."""
    requirements = layout.root / "requirements" / f"{purpose}.txt"
    if not requirements.exists():
        raise Fault(
            f"{requirements} is missing.",
            "the checkout is not whole: `git status` tells what is gone, `git restore` it.",
        )
    # The folder itself is the lock: two starts never install into one venv at a time.
    with FileLock(layout.root):
        if _is_done(layout, purpose):
            return "unchanged"
        return _Installation(layout, requirements, purpose).do()


def _is_done(layout: Layout, purpose: Purpose) -> bool:
    """dev includes embedded, so either will do for that."""
    kinds: tuple[Purpose, ...] = ("dev",) if purpose == "dev" else ("embedded", "dev")
    return layout.python.exists() and any(
        stamps.matches(_stamp(layout, kind), _wanted(layout, kind)) for kind in kinds
    )


def _stamp(layout: Layout, purpose: Purpose) -> Path:
    return layout.venv / f".installed-{purpose}"


def _wanted(layout: Layout, purpose: Purpose) -> str:
    return stamps.digest([layout.root / "requirements" / f"{purpose}.txt"], str(layout.root))


@dataclass(frozen=True)
class _Installation:
    layout: Layout
    requirements: Path
    purpose: Purpose

    def do(self) -> str:
        if not os.access(self.layout.root, os.W_OK):
            raise Fault(
                f"{self.layout.root} cannot be written.",
                "work in a checkout of your own: `git clone` it into your home.",
            )
        fresh = not self._has_venv()
        needed = FRESH_MEGABYTES if fresh else UPDATE_MEGABYTES
        require_space(self.layout.root, needed, "installing the Python packages")
        uv = _find_uv(self.layout)
        if fresh:
            self._make_venv(uv)
        tool = self._install(uv)
        _stamp(self.layout, self.purpose).write_text(_wanted(self.layout, self.purpose))
        return f"installed with {tool}"

    def _has_venv(self) -> bool:
        """One that works: an interrupted, moved or outdated one is made anew."""
        try:
            return _run([str(self.layout.python), "-c", VERSION]).returncode == 0
        except OSError:
            return False

    def _make_venv(self, uv: str | None) -> None:
        if self.layout.venv.exists():
            shutil.rmtree(self.layout.venv)
        venv = str(self.layout.venv)
        tries = [[uv, "venv", "-q", "--python", sys.executable, venv]] if uv else []
        tries.append([sys.executable, "-m", "venv", venv])
        for attempt in tries:
            done = _run(attempt)
            if done.returncode == 0:
                return
        shutil.rmtree(self.layout.venv, ignore_errors=True)
        raise Fault(
            f"{sys.executable} cannot make a virtual environment.",
            "on Debian and Ubuntu: `apt install python3-venv`; or install uv.",
            _ending(done),
        )

    def _install(self, uv: str | None) -> str:
        python = str(self.layout.python)
        # The lock file names everything: working out again what needs what takes uv longer than
        # the rest. Python compiles what it loads, a third of what pip would compile at once.
        options = ["install", "-q", "--require-hashes", "--no-deps", "-r", str(self.requirements)]
        if uv and _run([uv, "pip", *options, "--python", python]).returncode == 0:
            return "uv"
        # uv does not read pip's settings; where only those know the index, pip gets through.
        if _run([python, "-m", "pip", "--version"]).returncode:
            _run([python, "-m", "ensurepip"])
        done = _run([python, "-m", "pip", *options, "--no-compile", "--no-input"])
        if done.returncode:
            raise explain(_ending(done))
        return "pip"


def explain(said: str) -> Fault:
    """pip's last words, and what to do about them."""
    if "No space left" in said:
        return Fault("The disk is full.", "free about 1 GB, then start again.", said)
    if BAD_HASH.search(said):
        return Fault(
            "A downloaded package is not the one that was locked.",
            "do not install it. Clear the cache (`pip cache purge`) and try again; "
            "if it stays so, ask where your package index gets it from.",
            said,
        )
    if OFFLINE.search(said):
        return Fault(
            "The Python packages could not be downloaded.",
            "check the connection. Behind a proxy set HTTPS_PROXY; with an index of your own "
            "set PIP_INDEX_URL; offline set PIP_NO_INDEX=1 and PIP_FIND_LINKS=/folder/of/wheels.",
            said,
        )
    if NO_WHEEL.search(said):
        return Fault(
            "A locked package cannot be had for this machine.",
            "offline, the folder in PIP_FIND_LINKS lacks it; otherwise this platform or Python "
            "has no wheel of it: use Linux or macOS on x86-64 or ARM with Python 3.11 to 3.13.",
            said,
        )
    return Fault("The Python packages could not be installed.", "see the words above.", said)


def _find_uv(layout: Layout) -> str | None:
    """One that really runs: version managers leave shims that do not."""
    for candidate in (shutil.which("uv"), str(layout.venv / "bin" / "uv")):
        try:
            if candidate and _run([candidate, "--version"]).returncode == 0:
                return candidate
        except OSError:
            continue
    return None


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _ending(done: subprocess.CompletedProcess[str]) -> str:
    said = (done.stderr + done.stdout).strip().splitlines()
    return "\n".join(line for line in said if "[notice]" not in line)[-2000:]
