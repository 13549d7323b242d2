"""`up` refused or called off: said in a sentence, with nothing left running."""

import signal
import socket

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
