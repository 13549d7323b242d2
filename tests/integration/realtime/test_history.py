"""A workspace's events: numbered by commit, sent in order, given again to whoever missed them."""

import json
import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.events.models import Event, Stream
from apps.realtime import broadcast, history, metrics, outlets, publisher, relay
from apps.realtime.events import DeploymentChanged, JobChanged, Notice
from apps.realtime.models import Errand
from apps.realtime.pusher_api import RealtimeError


@pytest.fixture
def sent(monkeypatch):
    """What went out, in order."""
    found = []
    monkeypatch.setattr(outlets, "send", found.extend)
    return found


@pytest.fixture
def publish(in_alpha, django_capture_on_commit_callbacks):
    def committed(*events):
        with django_capture_on_commit_callbacks(execute=True):
            for event in events:
                publisher.publish(event)

    return committed


def _away(_messages):
    raise RealtimeError("Redis is away")


def notice(text="Hello", **values):
    return Notice(schema_name="w_alpha", level="info", text=text, **values)


def deployment(schema_name="w_alpha"):
    return DeploymentChanged(schema_name=schema_name, id=uuid4(), state="running")


def numbers(sent):
    return [message.payload["sequence"] for message in sent]


def test_events_are_numbered_without_gaps_and_sent_in_that_order(publish, sent):
    publish(*(notice(str(number)) for number in range(5)))
    publish(notice("5"))
    assert numbers(sent) == [1, 2, 3, 4, 5, 6]
    assert [message.payload["text"] for message in sent] == list("012345")
    assert not Errand.objects.exists()


def test_an_event_of_a_deed_that_was_undone_takes_no_number(publish, sent):
    publish(notice())
    with transaction.atomic():
        publisher.publish(notice("undone"))
        transaction.set_rollback(True)
    publish(notice("done"))
    assert [(m.payload["sequence"], m.payload["text"]) for m in sent] == [(1, "Hello"), (2, "done")]


def test_what_could_not_be_sent_goes_out_later_in_order_and_once(publish, sent, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(outlets, "send", _away)
        publish(notice("1"), notice("2"))
    assert Stream.objects.get().last == 2
    assert (Stream.objects.get().sent, sent) == (0, [])
    Errand.objects.update(created_at=timezone.now() - timedelta(seconds=10))
    connection.set_schema_to_public()
    assert relay.rescue() == 1
    assert relay.rescue() == 0
    assert numbers(sent) == [1, 2]


def test_a_process_that_died_after_sending_leaves_the_same_numbers(publish, sent):
    publish(notice("1"), notice("2"))
    Stream.objects.update(sent=0)  # what a kill between sending and noting it leaves
    publish(notice("3"))
    assert numbers(sent) == [1, 2, 1, 2, 3]


def test_an_event_too_large_goes_out_as_a_reference(in_alpha, browse, teacher, sent, publish):
    big = JobChanged(
        schema_name="w_alpha", id=uuid4(), job="x", state="failed", problem={"detail": "x" * 12_000}
    )
    publish(big)
    payload = sent[0].payload
    assert payload == {"version": 1, "sequence": 1, "reference": "/api/v1/events/1/"}
    fetched = browse(teacher).get(payload["reference"]).json()
    assert fetched["payload"]["problem"]["detail"] == "x" * 12_000


def test_what_waits_is_in_the_metrics(publish, monkeypatch):
    monkeypatch.setattr(outlets, "send", _away)
    publish(notice())
    Errand.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    found = {metric.name: metric.samples[0].value for metric in metrics.collect()}
    assert found["toolboxai_realtime_errands"] == 1
    assert found["toolboxai_realtime_oldest_errand_seconds"] >= 120


def test_a_workspace_that_is_gone_does_not_fail_the_deed(db, caplog):
    with transaction.atomic():
        publisher.publish(deployment("w_gone"))
        assert not Errand.objects.exists()
    assert "realtime_event_dropped" in caplog.text


def test_a_person_outside_of_workspaces_is_told_once(db, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        publisher.publish(JobChanged(actor_id=uuid4(), id=uuid4(), job="x", state="queued"))
    assert "sequence" not in sent[0].payload
    assert not Errand.objects.exists()


class TestAsking:
    @pytest.fixture
    def ask(self, browse):
        def get(person, after=None, **query):
            query |= {} if after is None else {"after": after}
            return browse(person).get("/api/v1/events/", query)

        return get

    def test_without_a_number_only_the_latest_is_told(self, ask, teacher, publish, sent):
        assert ask(teacher).json()["latest"] == 0
        publish(notice())
        assert ask(teacher).json() == {
            "events": [], "latest": 1, "is_complete": True, "has_more": False
        }  # fmt: skip

    def test_what_followed_in_order(self, ask, teacher, publish, sent):
        publish(*(notice(str(number)) for number in range(5)))
        answer = ask(teacher, after=2, limit=2).json()
        assert [event["payload"]["text"] for event in answer["events"]] == ["2", "3"]
        assert answer["has_more"]
        assert [e["sequence"] for e in ask(teacher, after=4).json()["events"]] == [5]

    def test_everybody_sees_what_they_may(self, ask, teacher, student, publish, sent):
        job = JobChanged(
            schema_name="w_alpha", actor_id=student.pk, id=uuid4(), job="x", state="queued"
        )
        publish(deployment(), notice(), job)
        assert [e["name"] for e in ask(student, after=0).json()["events"]] == [
            "notice",
            "job.changed",
        ]
        own = ask(student, after=0).json()["events"][-1]
        assert own["channels"] == [f"private-user-{student.pk}"]
        theirs = ask(teacher, after=0).json()["events"]
        assert len(theirs) == 3
        assert f"private-user-{student.pk}" not in theirs[-1]["channels"]

    def test_outsiders_see_nothing(self, ask, browse, outsider, publish, sent):
        publish(notice())
        assert ask(outsider, after=0).status_code in {401, 403}
        assert browse(outsider).get("/api/v1/events/1/").status_code in {401, 403}

    def test_what_may_not_be_seen_is_not_there(self, browse, student, publish, sent):
        publish(deployment())
        assert browse(student).get("/api/v1/events/1/").status_code == 404

    def test_what_is_no_longer_kept_is_said(self, ask, teacher, publish, sent):
        publish(notice("1"), notice("2"))
        Event.objects.update(created_at=timezone.now() - history.KEPT_FOR - timedelta(hours=1))
        publish(notice("3"))
        assert history.forget() == 2
        assert history.forget() == 0
        assert not ask(teacher, after=1).json()["is_complete"]
        assert ask(teacher, after=2).json()["is_complete"]
        assert not ask(teacher, after=9).json()["is_complete"]

    @pytest.mark.parametrize("after", ["-1", "x", str(2**60)])
    def test_a_number_that_is_none(self, ask, teacher, after):
        assert ask(teacher, after=after).status_code == 422

    def test_queries_do_not_grow(self, browse, teacher, publish, sent):
        browser = browse(teacher)
        counts = []
        for number in (1, 20):
            publish(*(notice(str(each)) for each in range(number)))
            with CaptureQueriesContext(connection) as queries:
                browser.get("/api/v1/events/", {"after": 0})
            counts.append(len(queries))
        assert counts[1] <= counts[0]


def test_built_in_frames_hold_the_payload_as_text(publish, monkeypatch):
    frames = []
    monkeypatch.setattr(broadcast, "send_all", frames.extend)
    publish(notice())
    frame = json.loads(frames[0].frame)
    assert (frame["event"], frame["channel"]) == ("notice", "private-w-w_alpha")
    assert json.loads(frame["data"])["text"] == "Hello"


@pytest.mark.django_db(transaction=True)
def test_numbers_follow_the_order_of_commits(alpha, sent):
    """A transaction that began first and commits last gets the higher number; neither waits."""
    written, may_commit = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            publisher.publish(notice("slow"))
            written.set()
            may_commit.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    written.wait(10)
    publisher.publish(notice("quick"))
    assert [m.payload["text"] for m in sent] == ["quick"]
    may_commit.set()
    thread.join()
    assert [(m.payload["sequence"], m.payload["text"]) for m in sent] == [(1, "quick"), (2, "slow")]


@pytest.mark.django_db(transaction=True)
def test_no_deed_waits_for_the_realtime_service(alpha, monkeypatch, settings):
    settings.REALTIME_IN_THREAD = True
    may_send, arrived, found = threading.Event(), threading.Event(), []

    def take(messages):
        may_send.wait(10)
        found.extend(messages)
        arrived.set()

    monkeypatch.setattr(outlets, "send", take)
    publisher.publish(notice())
    publisher.publish(notice())
    assert not arrived.is_set()
    may_send.set()
    assert arrived.wait(10)
    assert found[0].payload["sequence"] == 1
    relay.carry("w_alpha")  # waits for the thread, which may be at the second one still
