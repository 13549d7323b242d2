"""`up` for real: from an empty folder to the first page, and every way it can end."""

import http.client
import os
import re
import signal
import stat
from itertools import takewhile

import pytest

from embedded import credentials, notes
from tests.processes.embedded.waiting import wait_until

STEP = re.compile(r"^  ([A-Z][^.]*)\.+ +[\d.]+ s *(.*)$", re.MULTILINE)
EVERYTHING = {"postgres", "valkey", "sandbox", "web", "worker", "beat"}


def status_of(port, path="/", host="localhost"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Host": f"{host}:{port}"})
    answer = connection.getresponse()
    connection.close()
    return answer.status


def start(program, **env):
    """Running, with what it said on the way."""
    started = program.start("up", **env)
    said = list(takewhile(lambda line: "Logs: make logs" not in line, started.stdout))
    text = "".join(said)
    assert notes.read(program.local / "run" / "up.json").get("pid") == started.pid, text
    return started, text


@pytest.mark.timeout(300)
def test_from_nothing_to_the_first_page_and_back(program, port):
    up, said = start(program, PORT=str(port))
    env = credentials.read(program.local / "env")
    assert f"http://localhost:{port}" in said
    assert f"http://lincoln.localhost:{port}" in said
    assert env["DEMO_PASSWORD"] in said
    assert status_of(port) == 200
    assert set(program.pids("dev")) == EVERYTHING
    assert stat.S_IMODE((program.local / "env").stat().st_mode) == 0o600

    again = program.run("up", PORT=str(port))
    assert (again.returncode, f"already running at http://localhost:{port}" in again.stdout) == (
        0,
        True,
    )
    assert program.run("status").returncode == 0

    up.send_signal(signal.SIGINT)
    assert up.wait(60) == 0
    assert "Stopped. Your data is kept" in up.stdout.read()
    assert program.pids("dev") == {}


@pytest.mark.timeout(300)
def test_parts_killed_then_all_of_it_then_started_again_with_its_data(program, port):
    up, _ = start(program, PORT=str(port))
    first = program.pids("dev")
    os.kill(first["worker"], signal.SIGKILL)
    wait_until(lambda: program.pids("dev").get("worker", first["worker"]) != first["worker"])
    os.kill(notes.read(program.local / "run" / "keeper.json")["pid"], signal.SIGKILL)
    wait_until(lambda: program.pids("dev").get("postgres", first["postgres"]) != first["postgres"])
    wait_until(lambda: status_of(port, "/healthz") == 200)
    told = "".join(takewhile(lambda line: "starting them again" not in line, up.stdout))
    assert "worker ended unexpectedly (SIGKILL)" in told

    up.kill()
    wait_until(lambda: not program.pids("dev"))
    again, said = start(program, PORT=str(port))
    steps = dict(STEP.findall(said))
    assert steps["Demo"] == "there already"
    assert {steps[name] for name in ("Migrations", "Prices", "Stripe's webhooks")} == {"unchanged"}
    assert "Django" not in steps  # which boots where there is something to do
    assert status_of(port, "/healthz") == 200
    assert "Stopped." in program.run("down").stdout
    assert again.wait(30) == 0
    assert program.pids("dev") == {}
