"""What comes many times a second is written by the process' relay, several at once."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import uuid4

import pytest
from celery.signals import worker_process_shutdown
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from apps.events.models import Event
from apps.realtime import history, outlets, publisher, relay
from apps.realtime.events import JobChanged, Notice
from apps.realtime.models import Errand


def job(schema_name="w_alpha", state="succeeded"):
    return JobChanged(
        schema_name=schema_name, actor_id=uuid4(), id=uuid4(), job="roblox.deploy", state=state
    )


@pytest.fixture
def held(monkeypatch, in_alpha):
    """This process' relay, whose thread is the test."""
    monkeypatch.setattr(relay.threading, "Thread", lambda **_: SimpleNamespace(start=lambda: None))
    monkeypatch.setattr(relay.atexit, "register", lambda _: None)
    one = relay.Relay()
    monkeypatch.setattr(relay, "_relay", lambda: one)
    monkeypatch.setattr(relay, "_relays", {relay.os.getpid(): one})
    return one


@pytest.fixture
def sent(monkeypatch):
    found = []
    monkeypatch.setattr(outlets, "send", found.extend)
    return found


def go_round(one):
    names, loose, _ = one._next()
    return one._work(names, loose)


def test_they_are_written_with_one_statement_and_sent_in_their_order(held, sent):
    states = ("running", "failed", "succeeded")
    for state in states:
        relay.hold(job(state=state), schema_name="w_alpha")
    with CaptureQueriesContext(connection) as queries:
        assert held.write_held()
    assert sum("INSERT INTO" in query["sql"] for query in queries) == 1
    assert Errand.objects.count() == 1
    assert go_round(held)
    assert [(m.payload["sequence"], m.payload["state"]) for m in sent] == [
        (number, state) for number, state in enumerate(states, start=1)
    ]
    assert not Errand.objects.exists()


def test_many_are_written_in_parts(held, sent, monkeypatch):
    monkeypatch.setattr(history, "BATCH", 2)
    for _ in range(5):
        relay.hold(job(), schema_name="w_alpha")
    assert go_round(held)
    assert [m.payload["sequence"] for m in sent] == [1, 2, 3, 4, 5]


def test_while_the_database_is_away_they_are_held_on_to(held, sent, monkeypatch):
    record = history.record

    def fail(*_, **__):
        raise OperationalError("away")

    monkeypatch.setattr(relay, "connection", SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(history, "record", fail)
    relay.hold(job(state="running"), schema_name="w_alpha")
    assert not go_round(held)
    relay.hold(job(state="succeeded"), schema_name="w_alpha")
    monkeypatch.setattr(history, "record", record)
    assert go_round(held)
    assert [m.payload["state"] for m in sent] == ["running", "succeeded"]


def test_those_of_a_workspace_that_is_gone_are_dropped(held, sent):
    relay.hold(job(schema_name="w_gone"), schema_name="w_gone")
    relay.hold(job(), schema_name="w_alpha")
    assert held.write_held()
    assert Event.objects.count() == 1


@pytest.mark.usefixtures("held")
def test_before_its_process_ends_they_are_written():
    relay.hold(job(), schema_name="w_alpha")
    assert not Event.objects.exists()
    worker_process_shutdown.send(sender=None, pid=1, exitcode=0)
    assert Event.objects.count() == 1
    assert Errand.objects.count() == 1


class TestSoon:
    def test_what_belongs_to_a_transaction_is_written_with_it(self, held, settings):
        settings.REALTIME_IN_THREAD = True
        publisher.publish_soon(job())
        assert Event.objects.count() == 1

    def test_else_it_is_held(self, held, settings, monkeypatch):
        settings.REALTIME_IN_THREAD = True
        monkeypatch.setattr(publisher, "connection", SimpleNamespace(in_atomic_block=False))
        publisher.publish_soon(job())
        publisher.publish_soon(Notice(schema_name="w_alpha", level="info", text="Hello"))
        assert not Event.objects.exists()
        held.write_held()
        assert Event.objects.count() == 2


@pytest.mark.parametrize(
    ("lasted", "held", "in_worker", "pause"),
    [(0.001, 0, False, 0.05), (0.01, 1, False, 0.09), (9.0, 1, False, 1.0),
     (0.001, 1, True, 0.25), (0.001, 40, True, 0.4), (0.001, 4_000, True, 1.0)],
)  # fmt: skip
def test_the_more_there_was_to_do_the_longer_is_the_rest(
    monkeypatch, lasted, held, in_worker, pause
):
    monkeypatch.setattr(relay.time_limits, "is_in_worker", lambda: in_worker)
    assert relay._pause(0, lasted, held) == pytest.approx(pause)


def test_after_failures_it_waits_longer_each_time():
    assert [relay._pause(failures, 0.0, 0) for failures in (1, 2, 9)] == [0.5, 1.0, 5.0]
