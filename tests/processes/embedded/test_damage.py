"""What an earlier run may have left: half made, killed, changed or closed."""

import signal
import socket
import sys

import pytest

from embedded import credentials, notes, process
from tests.processes.embedded.waiting import wait_until

COUNT = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS visits (at timestamptz DEFAULT now())")
    connection.execute("INSERT INTO visits DEFAULT VALUES")
    print(connection.execute("SELECT count(*) FROM visits").fetchone()[0])
"""
HOLD = ("exec", "--profile", "test", "--", "sh", "-c", "echo here; exec sleep 60")


def visit(program):
    return program.exec(sys.executable, "-c", COUNT)


@pytest.fixture
def home(program):
    assert visit(program).stdout == "1\n"
    return (program.local / "test" / "postgres").resolve()


def test_an_initdb_cut_short_is_begun_anew(program):
    partial = program.local / "test" / "postgres" / "data.partial"
    partial.mkdir(parents=True)
    (partial / "PG_VERSION").write_text("18\n")
    assert visit(program).stdout == "1\n"
    assert not partial.exists()


def test_a_run_killed_in_initdb_is_no_obstacle(program):
    started = program.start("exec", "--profile", "test", "--", "true")
    partial = program.local / "test" / "postgres" / "data.partial"
    wait_until(partial.exists)
    state = program.local / "test" / "run" / "keeper.json"
    process.kill_group(notes.read(state)["pid"], signal.SIGKILL)
    started.kill()
    assert visit(program).stdout == "1\n"


def test_a_folder_that_is_no_database_is_set_aside_not_deleted(program):
    data = program.local / "test" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "thesis.txt").write_text("years of work")
    assert visit(program).stdout == "1\n"
    (aside,) = data.parent.glob("data.set-aside-*")
    assert (aside / "thesis.txt").read_text() == "years of work"


def test_finished_data_survive_a_leftover_draft(program, home):
    (home / "data.partial").mkdir()
    assert visit(program).stdout == "2\n"


def test_data_of_another_version_are_refused_and_kept(program, home):
    (home / "data" / "PG_VERSION").write_text("17\n")
    done = visit(program)
    assert done.returncode == 1
    assert "written by PostgreSQL 17, this is 18" in done.stderr
    (home / "data" / "PG_VERSION").write_text("18\n")
    assert visit(program).stdout == "2\n"


def test_a_changed_password_is_followed(program, home):
    credentials.update(program.local / "test" / "env", {"POSTGRES_PASSWORD": "chosen-by-hand"})
    assert visit(program).stdout == "2\n"


def test_a_lost_env_file_of_tests_is_made_again(program, home):
    (program.local / "test" / "env").unlink()
    assert visit(program).stdout == "2\n"


def test_a_server_killed_with_its_keeper_recovers(program, home):
    held = program.start(*HOLD)
    held.stdout.readline()
    state = program.local / "test" / "run" / "keeper.json"
    for pid in (notes.read(state)["pid"], *program.pids().values()):
        process.kill_group(pid, signal.SIGKILL)
    held.kill()
    wait_until(lambda: not program.pids())
    assert visit(program).stdout == "2\n"


def test_a_process_left_by_a_killed_run_is_swept(tmp_path, program):
    stray = program.start(*HOLD)
    stray.stdout.readline()
    process.record(tmp_path / "stray.pid", stray.pid)
    assert process.sweep(tmp_path / "stray.pid", signal.SIGTERM, 20)
    assert stray.wait(5) is not None
    assert not (tmp_path / "stray.pid").exists()


def test_a_stranger_with_a_recorded_number_is_left_alone(tmp_path, program):
    stranger = program.start(*HOLD)
    stranger.stdout.readline()
    notes.write(tmp_path / "old.pid", pid=stranger.pid, born="long ago")
    assert not process.sweep(tmp_path / "old.pid", signal.SIGTERM, 20)
    assert stranger.poll() is None


def test_a_home_closed_to_others_works_too(program):
    # As root the server runs as somebody else, who cannot get there.
    program.local.chmod(0o700)
    assert [visit(program).stdout for _ in range(2)] == ["1\n", "2\n"]


def test_inner_ports_in_use_move(program, home):
    ports = notes.read(program.local / "test" / "run" / "ports.json")
    with socket.create_server(("127.0.0.1", ports["postgres"])):
        assert visit(program).stdout == "2\n"
    assert notes.read(program.local / "test" / "run" / "ports.json") != ports


def test_a_closed_folder_is_a_sentence(program):
    (program.local / "test").write_text("a file in the way")
    done = visit(program)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    (program.local / "test").unlink()
