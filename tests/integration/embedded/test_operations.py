"""`down`, `reset`, `status` and `logs`, without a whole start."""

from tests.integration.embedded.waiting import wait_until

HOLD = ("exec", "--profile", "test", "--", "sh", "-c", "echo here; exec sleep 60")


def test_down_ends_whoever_uses_the_services(program):
    held = program.start(*HOLD)
    held.stdout.readline()
    assert "Stopped. Your data is kept." in program.run("down", "--profile", "test").stdout
    assert program.pids() == {}


def test_down_of_nothing_says_so(program):
    assert program.run("down").stdout == "Nothing is running.\n"


def test_reset_does_not_delete_without_an_answer(program):
    program.exec("true")
    done = program.run("reset", "--profile", "test")
    assert done.returncode == 1
    assert "reset --yes" in done.stderr
    assert (program.local / "test" / "env").exists()


def test_reset_of_the_product_leaves_the_tests_services_alone(program):
    held = program.start(*HOLD)
    held.stdout.readline()
    (program.local / "env").write_text("SECRET_KEY=x\n")
    before = program.pids()
    assert program.run("reset", "--yes").returncode == 0
    assert not (program.local / "env").exists()
    assert program.pids() == before


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


def test_an_unknown_log_names_the_known(program):
    program.exec("true")
    done = program.run("logs", "--profile", "test", "nonsense")
    assert "keeper, postgres, valkey" in done.stderr


def test_logs_show_the_last_lines(program):
    program.exec("true")
    done = program.run("logs", "--profile", "test", "valkey")
    assert "Ready to accept connections" in done.stdout
