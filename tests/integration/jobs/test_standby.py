"""A process of a worker's pool between two of Celery's tasks."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError

from apps.jobs import standby
from apps.jobs.services import bell, pool, time_limits
from apps.jobs.task import Job


@pytest.fixture
def issued():
    """Queues that somebody else is to look into."""
    return []


@pytest.fixture
def answers(monkeypatch, issued):
    """What the bell says, time and again; the worker wants its process when that is at its end."""
    said = []

    def wait(_, **__):
        if isinstance(said[0], Exception):
            raise said[0]
        return said.pop(0)

    monkeypatch.setattr(bell, "wait", wait)
    monkeypatch.setattr(bell, "leave", lambda *_, **__: ["bulk"])
    monkeypatch.setattr(standby.tickets, "issue_to", issued.append)
    monkeypatch.setattr(time_limits, "is_in_worker", lambda: True)
    monkeypatch.setattr(pool, "is_wanted", lambda: not said)
    return said


@pytest.fixture
def looked(monkeypatch):
    """Queues that were looked into."""
    queues = []
    monkeypatch.setattr(standby, "work_off", lambda queue, most: queues.append((queue, most)))
    return queues


def test_it_does_what_is_rung_for_until_it_is_wanted(answers, looked, issued):
    answers += ["bulk", None, "interactive"]
    standby.stand_by()
    assert looked == [("bulk", 1), ("interactive", 1)]
    assert issued == ["bulk"]


def test_without_redis_it_goes_back(answers, looked, issued, monkeypatch):
    def away(*_, **__):
        raise RedisConnectionError

    monkeypatch.setattr(bell, "leave", away)
    answers += ["bulk", RedisConnectionError("away")]
    standby.stand_by()
    assert looked == [("bulk", 1)]
    assert issued == []


def test_where_the_database_is_away_somebody_else_looks(answers, issued, monkeypatch):
    def fail(*_, **__):
        raise OperationalError

    monkeypatch.setattr(standby, "work_off", fail)
    answers += ["bulk"]
    with pytest.raises(OperationalError):
        standby.stand_by()
    assert issued == ["bulk"]


def test_after_a_while_it_goes_back(answers, looked, monkeypatch):
    monkeypatch.setattr(standby, "LONGEST_SECONDS", -1.0)
    answers += ["bulk"]
    standby.stand_by()
    assert looked == []


def test_only_processes_of_a_pool_do(answers, looked, monkeypatch):
    monkeypatch.setattr(time_limits, "is_in_worker", lambda: False)
    answers += ["bulk"]
    standby.stand_by()
    assert looked == []


def test_not_after_a_task_whose_limits_celery_keeps(answers, looked):
    answers += ["bulk"]
    standby.stand_by(task=Job())
    assert looked == []


class Worker(SimpleNamespace):
    """What Celery's worker has of its pool: places, and messages that wait for one."""

    hostname = "worker@test"
    pool_cls = SimpleNamespace(uses_semaphore=True)
    use_eventloop = True

    def _quick_acquire(self, callback, request):
        if self.free:
            self.free -= 1
            callback(request)
        else:
            self.waiting.append((callback, request))
        return True

    def _process_task(self, request):
        self.handed.append(request)

    def release(self):
        callback, request = self.waiting.pop(0)
        callback(request)


class TestCallBack:
    @pytest.fixture
    def worker(self, monkeypatch):
        monkeypatch.setattr(standby.task_postrun, "connect", lambda *_, **__: None)
        monkeypatch.setattr(pool, "_memory", bytearray(5))
        worker = Worker(free=1, waiting=[], handed=[])
        standby.CallBack(worker).create(worker)
        return worker

    @pytest.fixture
    def called(self, monkeypatch):
        workers = []
        monkeypatch.setattr(bell, "let_go", lambda **about: workers.append(about["worker"]))
        return workers

    def test_of_what_finds_a_process_nobody_is_told(self, worker, called):
        worker.process_task("first")
        assert (worker.handed, called, pool.is_wanted()) == (["first"], [], False)

    def test_for_what_waits_one_is_called_back(self, worker, called):
        worker.process_task("first")
        worker.process_task("second")
        assert (worker.handed, called) == (["first"], ["worker@test"])
        assert pool.is_wanted()
        worker.release()
        assert worker.handed == ["first", "second"]
        assert not pool.is_wanted()

    def test_without_redis_they_see_it_all_the_same(self, worker, monkeypatch):
        def fail(**_):
            raise RedisConnectionError

        monkeypatch.setattr(bell, "let_go", fail)
        worker.process_task("first")
        worker.process_task("second")
        assert pool.is_wanted()

    def test_a_pool_without_places_has_no_standby(self, monkeypatch):
        connected = []
        monkeypatch.setattr(standby.task_postrun, "connect", lambda *_, **__: connected.append(1))
        worker = Worker(use_eventloop=False)
        standby.CallBack(worker).create(worker)
        assert not connected
        assert not hasattr(worker, "process_task")
