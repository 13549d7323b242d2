"""`down`, `reset`, `status` and `logs`, without a whole start."""

from tests.processes.embedded.waiting import wait_until

HOLD = ("exec", "--profile", "test", "--", "sh", "-c", "echo here; exec sleep 60")


def test_down_ends_whoever_uses_the_services(settled):
    held = settled.start(*HOLD)
    held.stdout.readline()
    assert "Stopped. Your data is kept." in settled.run("down", "--profile", "test").stdout
    assert settled.pids() == {}


def test_down_of_nothing_says_so(program):
    assert program.run("down").stdout == "Nothing is running.\n"


def test_reset_does_not_delete_without_an_answer(settled):
    settled.exec("true")
    done = settled.run("reset", "--profile", "test")
    assert done.returncode == 1
    assert "reset --yes" in done.stderr
    assert (settled.local / "test" / "env").exists()


def test_reset_of_the_product_leaves_the_tests_services_alone(settled):
    held = settled.start(*HOLD)
    held.stdout.readline()
    (settled.local / "env").write_text("SECRET_KEY=x\n")
    before = settled.pids()
    assert settled.run("reset", "--yes").returncode == 0
    assert not (settled.local / "env").exists()
    assert settled.pids() == before


def test_reset_stops_and_deletes(program):
    held = program.start(*HOLD)
    held.stdout.readline()
    assert program.run("reset", "--yes", "--profile", "test").returncode == 0
    assert not (program.local / "test").exists()
    wait_until(lambda: not program.pids())


def test_status_of_nothing(program):
    done = program.run("status")
    assert done.returncode == 1
    assert "`make up` starts it" in done.stdout


def test_logs_of_nothing(program):
    done = program.run("logs")
    assert done.returncode == 1
    assert "There are no logs yet." in done.stderr


def test_an_unknown_log_names_the_known(settled):
    settled.exec("true")
    done = settled.run("logs", "--profile", "test", "nonsense")
    assert "keeper, postgres, valkey" in done.stderr


def test_logs_show_the_last_lines(settled):
    settled.exec("true")
    done = settled.run("logs", "--profile", "test", "valkey")
    assert "Ready to accept connections" in done.stdout
