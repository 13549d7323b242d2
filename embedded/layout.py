"""Where everything lies: the checkout, its `.venv`, and `.local/` with a profile's data."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from embedded.faults import Fault

Profile = Literal["dev", "test"]
ROOT = Path(__file__).resolve().parent.parent
PRIVATE = ("valkey", "sandbox", "media", "outbox", "logs", "run")
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Layout:
    """The folders of one profile; `home` is `.local/` or, for tests, `.local/test/`."""

    root: Path
    home: Path
    profile: Profile

    @classmethod
    def of(cls, profile: Profile, root: Path = ROOT) -> Layout:
        base = Path(os.environ.get("TOOLBOXAI_LOCAL_DIR") or root / ".local").absolute()
        return cls(root, base / "test" if profile == "test" else base, profile)

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def env_file(self) -> Path:
        return self.home / "env"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def run(self) -> Path:
        return self.home / "run"

    def prepare(self) -> None:
        """Make the folders; a `Fault` when that is not allowed.

        `home` itself stays passable for others, since root's PostgreSQL runs as another
        user; everything in it but the database's folder is closed.
        """
        try:
            self.home.mkdir(mode=0o755, parents=True, exist_ok=True)
            for name in PRIVATE:
                (self.home / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error.strerror or "") from None
        if not os.access(self.home, os.W_OK) or not os.access(self.run, os.W_OK):
            raise self._unwritable("no permission to write there")

    def _unwritable(self, reason: str) -> Fault:
        return Fault(
            f"{self.home} cannot be written ({reason}).",
            "make it yours (`sudo chown -R $USER <folder>`), "
            "or set TOOLBOXAI_LOCAL_DIR to a folder you own.",
        )


def require_space(folder: Path, megabytes: int, why: str) -> None:
    """A `Fault` unless that much is free where `folder` is or will be."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free // MEGABYTE
    if free < megabytes:
        raise Fault(
            f"Not enough disk space: {why} needs {megabytes} MB, {there} has {free} MB left.",
            "free some space, or point TOOLBOXAI_LOCAL_DIR at a folder on a larger disk.",
        )
