"""Seconds from `make up` to its last word and the first page, after installation.

    python -m benchmarks.startup

Cold begins with an empty `.local/`: initdb, migrations, the demo. Warm is the next start.
Front end and static files are built beforehand, as installation leaves them. Aim: 10 and 4.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from embedded.ports import find_free

ROOT = Path(__file__).resolve().parent.parent
AIMS = {"cold": 10.0, "warm": 4.0}
RUNS = 3
RUNNING = "ToolBoxAI is running."
STEP = re.compile(r"^  (?P<name>[A-Z][^.]*)\.+ +(?P<seconds>[\d.]+) s")


def main() -> int:
    """Print the table; 0 when both medians reach their aim."""
    measured: dict[str, list[float]] = {"cold": [], "warm": []}
    steps: dict[str, list[tuple[str, str]]] = {}
    with tempfile.TemporaryDirectory(prefix="toolboxai-bench-") as folder:
        Path(folder).chmod(0o755)
        _start(folder)  # builds what is stale
        for _ in range(RUNS):
            _reset(folder)
            for kind in ("cold", "warm"):
                seconds, steps[kind] = _start(folder)
                measured[kind].append(seconds)
        _reset(folder)
    print(f"{'start':<6} {'median':>7} {'best':>7} {'worst':>7} {'aim':>7}   load {_load()}")
    for kind, values in measured.items():
        numbers = (statistics.median(values), min(values), max(values), AIMS[kind])
        print(f"{kind:<6} " + " ".join(f"{number:6.1f}s" for number in numbers))
    for kind, lines in steps.items():
        print(f"{kind}, last: " + ", ".join(f"{name} {seconds}" for name, seconds in lines))
    return int(any(statistics.median(measured[kind]) > AIMS[kind] for kind in AIMS))


def _start(folder: str) -> tuple[float, list[tuple[str, str]]]:
    port = find_free()
    begun = time.monotonic()
    up = subprocess.Popen(
        [sys.executable, "-m", "embedded", "up"],
        cwd=ROOT,
        env={**os.environ, "TOOLBOXAI_LOCAL_DIR": folder, "PORT": str(port)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said = _listen(up)
        if not _has_page(port):
            raise SystemExit("`up` ended before the first page; run `make up` to see why.")
        seconds = time.monotonic() - begun
    finally:
        up.send_signal(signal.SIGINT)
        up.communicate()
    found = map(STEP.match, said)
    return seconds, [(line["name"], line["seconds"]) for line in found if line]


def _listen(up: subprocess.Popen[str]) -> list[str]:
    """Its lines up to the one that says where to go; all of them when it ended early."""
    said: list[str] = []
    for line in up.stdout or ():
        said.append(line)
        if line.startswith(RUNNING):
            break
    return said


def _has_page(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _reset(folder: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "embedded", "reset", "--yes"],
        cwd=ROOT,
        env={**os.environ, "TOOLBOXAI_LOCAL_DIR": folder},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


if __name__ == "__main__":
    sys.exit(main())
