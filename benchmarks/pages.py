"""Milliseconds for a workspace page and an API list beside a bare Django view, in one run.

The bare view is Django under the same uvicorn with no middleware, no database and no template:
what the framework and the server cost by themselves. Requests alternate, so that noise on the
machine hits all three alike; read the ratios.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from embedded import credentials  # noqa: E402 -- needs the path
from embedded.ports import find_free  # noqa: E402

# Fewer than the sixty a minute that the API allows one person.
ROUNDS = 50
BARE = """
from django.conf import settings
settings.configure(SECRET_KEY="x" * 50, ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[])
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse("hello"))]
application = get_asgi_application()
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="toolboxai-bench-") as folder:
        Path(folder).chmod(0o755)
        with product(Path(folder)) as person, bare(Path(folder)) as plain:
            measured = measure(
                {
                    "bare Django view": lambda: plain.get("/"),
                    "workspace home page": lambda: person.get("/"),
                    "release page": lambda: person.get("/experiences/volcano-lab/releases/1.1.0/"),
                    "GET /api/v1/releases/": lambda: person.get("/api/v1/releases/"),
                }
            )
    report(measured)


def measure(calls: dict[str, Callable[[], httpx.Response]]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            begun = time.perf_counter()
            call().raise_for_status()
            times[name].append(1000 * (time.perf_counter() - begun))
    return times


def report(measured: dict[str, list[float]]) -> None:
    base = statistics.median(next(iter(measured.values())))
    print(f"{'':<24} {'p50':>9} {'p95':>9}   ratio of p50")
    for name, times in measured.items():
        p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        print(f"{name:<24} {p50:6.1f} ms {p95:6.1f} ms   {p50 / base:5.1f}")


@contextmanager
def product(folder: Path) -> Iterator[httpx.Client]:
    """The running product and a browser signed in to the demo workspace."""
    port = find_free()
    env = {**os.environ, "TOOLBOXAI_LOCAL_DIR": str(folder), "PORT": str(port)}
    command = [sys.executable, "-m", "embedded"]
    with subprocess.Popen([*command, "up"], cwd=ROOT, env=env, stdout=subprocess.DEVNULL) as up:
        try:
            host = f"lincoln.localhost:{port}"
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", headers={"Host": host}, timeout=30
            ) as client:
                wait_for(client, "/healthz", up)
                sign_in(client, credentials.read(folder / "env")["DEMO_PASSWORD"])
                yield client
        finally:
            subprocess.run([*command, "down"], cwd=ROOT, env=env, check=False)


def sign_in(client: httpx.Client, password: str) -> None:
    page = client.get("/accounts/login/")
    token = page.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    answer = client.post(
        "/accounts/login/",
        data={"login": "owner@lincoln.example", "password": password, "csrfmiddlewaretoken": token},
    )
    if answer.status_code != httpx.codes.FOUND:
        raise SystemExit("The demo's owner could not sign in.")


@contextmanager
def bare(folder: Path) -> Iterator[httpx.Client]:
    """The bare view in a server of its own."""
    (folder / "bare.py").write_text(BARE)
    port = find_free()
    command = [
        sys.executable, "-m", "uvicorn", "bare:application", "--app-dir", str(folder),
        "--port", str(port), "--log-level", "warning",
    ]  # fmt: skip
    with (
        subprocess.Popen(command) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        try:
            wait_for(client, "/", server)
            yield client
        finally:
            server.terminate()


def wait_for(client: httpx.Client, path: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit("The server ended before it answered.")
        try:
            if client.get(path).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("The server did not answer in five minutes.")


if __name__ == "__main__":
    main()
