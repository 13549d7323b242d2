"""`exec --profile test`: the services around one command, shared by concurrent ones."""

import os
import signal
import sys

import pytest

from embedded import notes, process
from tests.processes.embedded.waiting import wait_until

ASK = """
import os, psycopg, redis
with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
    print(connection.execute({sql!r}).fetchone()[0])
print(redis.Redis.from_url(os.environ["REDIS_URL"]).ping())
"""
HOLD = ("exec", "--profile", "test", "--", "sh", "-c", "echo $$; exec sleep 60")


def ask(program, sql, **env):
    return program.exec(sys.executable, "-c", ASK.format(sql=sql), **env)


def test_the_command_reaches_both_servers(settled):
    done = ask(settled, "SHOW server_version_num")
    version, ping = done.stdout.split()
    assert version.startswith("18")
    assert ping == "True"


def test_nothing_runs_afterwards(settled):
    assert settled.exec("true").returncode == 0
    assert settled.pids() == {}


@pytest.mark.parametrize(("command", "code"), [("exit 7", 7), ("kill -9 $$", 137)])
def test_the_commands_end_is_passed_on(settled, command, code):
    assert settled.exec("sh", "-c", command).returncode == code


def test_data_stay_from_one_run_to_the_next(settled):
    ask(settled, "SELECT 1")
    settled.exec(sys.executable, "-c", ASK.format(sql="CREATE TABLE kept AS SELECT 1; COMMIT"))
    assert ask(settled, "SELECT count(*) FROM kept").stdout.split()[0] == "1"


def test_addresses_stay_from_one_run_to_the_next(settled):
    urls = [settled.exec("sh", "-c", "echo $DATABASE_URL $REDIS_URL").stdout for _ in range(2)]
    assert urls[0] == urls[1]


def test_concurrent_runs_share_and_the_last_one_stops(settled):
    first = settled.start(*HOLD)
    assert first.stdout.readline()
    before = settled.pids()
    assert ask(settled, "SELECT 1").returncode == 0
    assert settled.pids() == before
    assert {"postgres", "valkey"} == set(before)
    first.send_signal(signal.SIGTERM)
    assert first.wait(20) == 128 + signal.SIGTERM
    assert settled.pids() == {}


def test_two_first_runs_at_once_make_one_database(program):
    words = ("exec", "--profile", "test", "--", "printenv", "DATABASE_URL")
    both = [program.start(*words) for _ in "ab"]
    said = [started.communicate(timeout=60)[0] for started in both]
    assert said[0] == said[1] != ""


def test_nothing_stays_behind_a_killed_run(settled):
    killed = settled.start(*HOLD)
    command = int(killed.stdout.readline())
    killed.kill()
    wait_until(lambda: not settled.pids())
    wait_until(lambda: not process.birth(command))


def test_a_killed_keeper_takes_its_servers_along_and_the_next_run_recovers(settled):
    held = settled.start(*HOLD)
    held.stdout.readline()
    keeper = settled.local / "test" / "run" / "keeper.json"
    os.kill(notes.read(keeper)["pid"], signal.SIGKILL)
    wait_until(lambda: not settled.pids())
    assert ask(settled, "SELECT 1").returncode == 0


def test_a_crashed_server_comes_back(settled):
    held = settled.start(*HOLD)
    held.stdout.readline()
    crashed = settled.pids()["valkey"]
    os.kill(crashed, signal.SIGKILL)
    wait_until(lambda: settled.pids().get("valkey", crashed) != crashed)
    wait_until(lambda: ask(settled, "SELECT 1").stdout.endswith("True\n"))


def test_a_sandbox_of_its_own(settled):
    script = (
        "import os, urllib.request as web;"
        "print(web.urlopen(os.environ['ROBLOX_API_URL'] + '/healthz').status)"
    )
    done = settled.run(
        "exec", "--profile", "test", "--with-sandbox", "--", sys.executable, "-c", script
    )
    assert done.stdout == "200\n"
    assert settled.pids() == {}


def test_given_servers_are_used_and_none_started(program):
    env = {"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/db", "REDIS_URL": "redis://127.0.0.1:1/0"}
    done = program.exec("sh", "-c", "echo $DATABASE_URL; ls $TOOLBOXAI_LOCAL_DIR", **env)
    assert done.stdout.splitlines()[0] == env["DATABASE_URL"]
    assert "postgres" not in done.stdout.splitlines()[1:]
    assert "127.0.0.1:1/" not in (program.local / "test" / "env").read_text()


def test_a_command_that_does_not_exist_is_a_sentence(settled):
    done = settled.exec("no-such-command")
    assert done.returncode == 1
    assert done.stderr.strip().startswith("no-such-command cannot be run")
