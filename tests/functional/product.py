"""The whole product, really running on a `.local/` of its own, and the ways to look into it."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from apps.roblox.files.demo import build_demo_place
from embedded import credentials, notes, ports, process
from embedded.layout import ROOT
from tests.processes.embedded.waiting import wait_until

# What a fresh shell would hold: the services and secrets the tests run in are not passed on.
KEPT = ("PATH", "HOME", "USER", "LANG", "TMPDIR", "UV_", "PIP_", "LC_", "SSL_", "XDG_")
START_SECONDS = 240
LIVE_WITHIN = 90  # seconds for anything that a fault has delayed


def environment(local: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    return {**kept, "TOOLBOXAI_LOCAL_DIR": str(local), "PORT": str(port)}


@dataclass
class Product:
    local: Path
    port: int
    up: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Returns when the last process runs and the first page is served."""
        with self.said.open("wb") as log:
            self.up = subprocess.Popen(
                [self.python, "-m", "embedded", "up"], cwd=ROOT, env=self.env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        wait_until(self._has_started, START_SECONDS)
        assert self.up.poll() is None, self.said.read_text()

    def stop(self) -> None:
        self.up.send_signal(signal.SIGTERM)
        try:
            self.up.wait(120)
        finally:
            self._embedded("reset", "--yes")
            shutil.rmtree(self.local, ignore_errors=True)

    @property
    def said(self) -> Path:
        return self.local / "up.txt"

    @property
    def python(self) -> str:
        return str(ROOT / ".venv" / "bin" / "python")

    @property
    def env(self) -> dict[str, str]:
        return environment(self.local, self.port)

    @cached_property
    def secrets(self) -> dict[str, str]:
        return credentials.read(self.local / "env")

    @property
    def public(self) -> str:
        return f"http://localhost:{self.port}"

    def workspace(self, slug: str) -> str:
        return f"http://{slug}.localhost:{self.port}"

    @cached_property
    def sandbox(self) -> Sandbox:
        return Sandbox(self.secrets["SANDBOX_URL"])

    def pid(self, name: str) -> int | None:
        """Of postgres, valkey, sandbox, web, worker or beat; None while it does not live."""
        return process.recorded(self.local / "run" / f"{name}.pid")

    def kill(self, name: str, sig: signal.Signals = signal.SIGKILL) -> int:
        pid = self.pid(name)
        assert pid is not None, f"{name} does not run"
        os.kill(pid, sig)
        return pid

    def await_another(self, name: str, than: int) -> None:
        """Until the supervisor has started it again."""
        wait_until(lambda: self.pid(name) not in {None, than}, LIVE_WITHIN)

    def manage(self, *words: str) -> str:
        """What a manage.py command prints; it must succeed."""
        done = self._embedded("shell", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refuse(self, *words: str) -> str:
        """What a manage.py command that must fail complains of."""
        done = self._embedded("shell", *words)
        assert done.returncode != 0, done.stdout
        return done.stderr

    def request(self, path: str, slug: str = "", **options: Any) -> httpx.Response:
        """Without a browser: `slug`'s host, or the public one."""
        host = f"{slug}.localhost" if slug else "localhost"
        headers = {"Host": f"{host}:{self.port}", **options.pop("headers", {})}
        url = f"http://127.0.0.1:{self.port}{path}"
        method = options.pop("method", "GET")
        return httpx.request(method, url, headers=headers, timeout=60, trust_env=False, **options)

    def _embedded(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.python, "-m", "embedded", *words], cwd=ROOT, env=self.env,
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    def _has_started(self) -> bool:
        if self.up.poll() is not None:
            return True
        running = notes.read(self.local / "run" / "up.json").get("pid") == self.up.pid
        return running and self.request("/healthz").status_code == 200


@dataclass
class Universe:
    """An experience on the sandbox's side, as its page shows it once."""

    universe_id: int
    staging_place_id: int
    production_place_id: int
    api_key: str

    def place_id(self, kind: str) -> int:
        return int(getattr(self, f"{kind}_place_id"))


class Sandbox:
    """What "Roblox" holds, and its bad days."""

    def __init__(self, url: str) -> None:
        self.url = url

    def create(self, name: str) -> Universe:
        made = self._call("POST", "experiences", name=name)
        known = Universe.__dataclass_fields__
        return Universe(**{key: value for key, value in made.items() if key in known})

    def versions(self, place_id: int) -> list[dict[str, Any]]:
        """Newest first."""
        places = [p for e in self._call("GET", "state")["experiences"] for p in e["places"]]
        return next(list(p["versions"]) for p in places if p["place_id"] == place_id)

    def hashes(self, place_id: int) -> list[str]:
        """Of every version, oldest first."""
        return [version["sha256"] for version in reversed(self.versions(place_id))]

    def requests(self) -> list[dict[str, Any]]:
        return list(self._call("GET", "state")["requests"])

    def revoke(self, api_key: str) -> None:
        self._call("POST", "keys/revoke", api_key=api_key)

    @contextmanager
    def fault(self, match: str, **wish: Any) -> Iterator[Callable[[], bool]]:
        """Inside, the fault waits for a request; the yielded call tells whether it met one."""
        made = self._call("POST", "faults", match=match, **wish)["id"]
        try:
            yield lambda: all(f["id"] != made for f in self._call("GET", "faults"))
        finally:
            self._call("DELETE", f"faults/{made}")

    def _call(self, method: str, path: str, **body: Any) -> Any:
        url = f"{self.url}/_sandbox/{path}"
        answer = httpx.request(method, url, json=body or None, timeout=30, trust_env=False)
        assert answer.is_success, answer.text
        return answer.json()


PUBLISH = "POST /universes/v1/*"


def place_file(folder: Path, version: str) -> Path:
    """A real place of the project's own making; the same version has the same bytes."""
    path = folder / f"lesson-{version}.rbxl"
    path.write_bytes(build_demo_place(version))
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def begin() -> Product:
    # Passable for others: as root, PostgreSQL runs as somebody else.
    local = Path(tempfile.mkdtemp(prefix="fn-"))
    local.chmod(0o755)
    return Product(local, ports.find_free())
