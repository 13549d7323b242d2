"""`up` twice; and refused or called off: said in a sentence, with nothing left running."""

import re
import signal
import socket

from embedded.probes import answers_http
from tests.processes.embedded.waiting import wait_until


def test_a_port_in_use_names_another(program):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        done = program.run("up", PORT=str(taken))
    assert done.returncode == 1
    assert f"Port {taken} is already in use by another program." in done.stderr
    assert "make up PORT=" in done.stderr
    assert program.pids("dev") == {}


def test_a_database_that_does_not_let_in_is_said_before_anything_runs(program, port):
    done = program.run("up", PORT=str(port), DATABASE_URL="postgresql://u:p@127.0.0.1:1/db")
    assert done.returncode == 1
    assert "DATABASE_URL names a database that does not let us in" in done.stderr
    assert program.pids("dev") == {}


def test_stopped_in_the_middle_of_a_start(program, port):
    up = program.start("up", PORT=str(port))
    wait_until(lambda: "postgres" in program.pids("dev"))
    up.send_signal(signal.SIGINT)
    assert up.wait(60) == 130
    assert program.pids("dev") == {}


def listen(up):
    """Its steps and their notes, up to where it says that it runs."""
    steps = {}
    for line in up.stdout:
        if line.startswith("ToolBoxAI is running."):
            return steps
        if found := re.match(r"  ([A-Z][^.]*)\.+ +[\d.]+ s *(.*)", line):
            steps[found[1]] = found[2]
    raise AssertionError(steps)


def test_a_second_start_does_nothing_again(program, port):
    first = program.start("up", PORT=str(port))
    assert "Django" in listen(first)
    assert program.run("down").returncode == 0
    second = program.start("up", PORT=str(port))
    steps = listen(second)
    assert answers_http(port, "/")
    assert "Django" not in steps
    assert steps["Demo"] == "there already"
    unchanged = {name for name, note in steps.items() if note == "unchanged"}
    assert unchanged >= {"Migrations", "Prices", "Stripe's webhooks"}
