"""Who stands by is woken through Redis."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
import redis

from apps.jobs.services import bell, lanes
from tests.processes.embedded.waiting import wait_until

QUEUES = ("interactive", "bulk")
WORKER = "worker@test"


@pytest.fixture
def client(own_redis, settings):
    settings.CELERY_BROKER_URL = own_redis
    with redis.Redis.from_url(own_redis, decode_responses=True) as client:
        yield client


@pytest.fixture
def patient(client, monkeypatch):
    """Nobody leaves before the test has done what it wants."""
    monkeypatch.setattr(bell, "WAIT_SECONDS", 30)
    bell._client.cache_clear()
    yield client
    bell._client.cache_clear()


@contextmanager
def standing_by(client, *names):
    """Processes at the bell; what each heard, in the order in which they did."""
    heard = []
    threads = [
        threading.Thread(
            target=lambda name=name: heard.append(bell.wait(QUEUES, worker=WORKER, name=name))
        )
        for name in names
    ]
    for thread in threads:
        thread.start()
    wait_until(lambda: client.zcard("jobs:by:bulk") == len(names))
    yield heard
    for thread in threads:
        thread.join(40)


def test_nobody_hears_it_where_nobody_stands_by(client):
    assert not bell.ring("bulk", enough=4)
    assert not client.exists("jobs:bell:bulk")


@pytest.mark.parametrize(("lying", "is_heard"), [(3, False), (4, True)])
def test_so_many_messages_are_enough(client, lying, is_heard):
    client.rpush("bulk", *["a message"] * lying)
    assert bell.ring("bulk", enough=4) is is_heard


def test_one_of_those_that_stand_by_is_woken(patient):
    with standing_by(patient, "one", "two") as heard:
        assert bell.ring("bulk", enough=4)
        wait_until(lambda: heard == ["bulk"])
        assert bell.ring("interactive", enough=4)
        wait_until(lambda: heard == ["bulk", "interactive"])


def test_for_each_that_is_busy_a_few_are_rung(client):
    client.zadd("jobs:by:bulk", {"one": 4e9, "two": 4e9})
    rung = [bell.ring("bulk", enough=4) for _ in range(2 * bell.RINGS_EACH + 1)]
    assert rung == [True] * 2 * bell.RINGS_EACH + [False]
    assert client.llen("jobs:bell:bulk") == 2 * bell.RINGS_EACH
    assert 0 < client.ttl("jobs:bell:bulk") <= 60


def test_who_was_woken_is_believed_to_come_back_soon(client):
    client.rpush("jobs:bell:bulk", "1")
    bell.wait(QUEUES, worker=WORKER, name="one")
    until = client.zscore("jobs:by:bulk", "one")
    seconds, millionths = client.time()
    assert until - (seconds + millionths / 1e6) <= bell.BUSY_SECONDS


def test_the_last_that_leaves_says_what_was_rung_for(client):
    about = {"worker": WORKER, "name": "one"}
    for queue in (WORKER, *QUEUES):
        client.zadd(f"jobs:by:{queue}", {"one": 4e9})
    client.rpush("jobs:bell:bulk", "1", "1")
    client.rpush(f"jobs:bell:{WORKER}", "1")
    client.zadd("jobs:by:bulk", {"another": 4e9})
    assert bell.leave(QUEUES, **about) == []
    client.zrem("jobs:by:bulk", "another")
    client.rpush("jobs:bell:bulk", "1")
    assert bell.leave(QUEUES, **about) == ["bulk"]
    assert bell.leave(QUEUES, **about) == []
    assert client.keys("jobs:*") == []


def test_who_has_not_come_back_is_not_believed_to_be_there(client):
    client.zadd("jobs:by:bulk", {"killed": 1e9})
    assert not bell.ring("bulk", enough=4)


def test_what_lies_there_is_heard_by_whoever_comes(client):
    client.rpush("jobs:bell:bulk", "1")
    assert bell.wait(QUEUES, worker=WORKER, name="one") == "bulk"
    assert bell.wait(QUEUES, worker=WORKER, name="one") is None


def test_a_worker_calls_one_of_its_own_back(patient):
    with standing_by(patient, "one", "two") as heard:
        bell.let_go(worker="another@test")
        bell.let_go(worker=WORKER)
        wait_until(lambda: heard == [None])
        assert bell.ring("bulk", enough=4)
        wait_until(lambda: heard == [None, "bulk"])


def test_one_that_is_about_to_come_finds_that_it_is_called(client):
    bell.let_go(worker=WORKER)
    bell.let_go(worker=WORKER)
    assert client.llen(f"jobs:bell:{WORKER}") == 1
    assert bell.wait(QUEUES, worker=WORKER, name="one") is None


def test_closed_lanes_are_known_from_the_same_answer(client, monkeypatch):
    monkeypatch.setattr(lanes, "_remembered", (0.0, []))
    lanes._client.cache_clear()
    lanes.close("vendor:7", 30)
    client.rpush("jobs:bell:bulk", "1")
    bell.wait(QUEUES, worker=WORKER, name="one")
    monkeypatch.setattr(lanes, "_client", None)
    assert lanes.closed() == ["vendor:7"]
