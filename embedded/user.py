"""PostgreSQL refuses to run as root: then it runs as `nobody`, everything else as it was."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded.faults import Fault

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class ServerUser:
    """Somebody a server can run as; nothing special unless we are root."""

    uid: int
    gid: int

    @classmethod
    def current(cls) -> ServerUser:
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError:
            raise Fault(
                "PostgreSQL does not run as root, and this machine has no user `nobody`.",
                "run `make up` as an ordinary user.",
            ) from None
        return cls(nobody.pw_uid, nobody.pw_gid)

    @property
    def is_self(self) -> bool:
        return self.uid == os.geteuid()

    def popen_arguments(self) -> dict[str, object]:
        """For `subprocess`: run as this user, with none of our groups."""
        if self.is_self:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_run(self, *argv: str) -> bool:
        """Whether this user reaches the program and it starts."""
        try:
            done = subprocess.run(
                argv, cwd="/", capture_output=True, check=False, **self.popen_arguments()
            )  # type: ignore[call-overload]
        except OSError:
            return False
        return bool(done.returncode == 0)

    def own(self, *paths: Path) -> None:
        if not self.is_self:
            for path in paths:
                shutil.chown(path, self.uid, self.gid)
