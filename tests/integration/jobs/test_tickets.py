"""What the broker knows of the rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import TimeoutError as RedisTimeoutError

from apps.jobs.models import JobRun
from apps.jobs.services import bell, lanes, outcomes, runs, tickets


@pytest.fixture
def sent(monkeypatch):
    """Queues that were told of work."""
    told = []
    monkeypatch.setattr(
        current_app, "send_task", lambda _, queue, **about: told.append((queue, about))
    )
    return told


def row(**values):
    return JobRun.objects.create(name="jobs.nothing", schema_name="w_a", **values)


def test_a_wish_is_told_after_commit(db, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        runs.request(name="jobs.nothing", arguments={}, by=None, queue="bulk")
        assert not sent
    assert [queue for queue, _ in sent] == ["bulk"]


def test_what_is_due_in_a_long_time_is_told_then(db, sent):
    run = row(due_at=timezone.now() + timedelta(minutes=10))
    assert tickets.issue(run=run)
    assert not sent


def test_what_is_due_soon_is_told_with_its_wait(db, sent):
    assert tickets.issue(run=row(due_at=timezone.now() + timedelta(seconds=5)))
    assert 4 < sent[0][1]["countdown"] <= 5


def test_without_a_broker_the_row_stays(db, monkeypatch):
    def refuse(*_, **__):
        raise OperationalError

    monkeypatch.setattr(current_app, "send_task", refuse)
    run = row()
    assert not tickets.issue(run=run)
    assert tickets.top_up() == 0
    assert JobRun.objects.due().get() == run


def test_lost_messages_are_sent_again(db, sent, monkeypatch):
    for queue in ("default", "default", "default", "bulk"):
        row(queue=queue)
    row(due_at=timezone.now() + timedelta(hours=1))
    monkeypatch.setattr(tickets, "waiting", {"default": 1, "bulk": 0}.get)
    assert outcomes.rescue() == 3
    assert sorted(queue for queue, _ in sent) == ["bulk", "default", "default"]


@pytest.fixture
def heard(monkeypatch):
    """What the bell answers; an exception where the broker does not in time."""
    answer, asked = [False], []

    def ring(queue, *, enough):
        asked.append((queue, enough))
        if isinstance(answer[0], Exception):
            raise answer[0]
        return answer[0]

    monkeypatch.setattr(bell, "ring", ring)
    answer.append(asked)
    return answer


@pytest.mark.parametrize(
    ("answer", "sent_queues"),
    [(False, ["bulk"]), (True, []), (RedisTimeoutError("slow"), ["bulk"])],
)
def test_a_ticket_is_left_out_only_where_somebody_is_known_to_look(
    sent, heard, answer, sent_queues
):
    heard[0] = answer
    assert tickets.issue_to("bulk")
    assert [queue for queue, _ in sent] == sent_queues
    assert heard[1] == [("bulk", tickets.ENOUGH)]


def test_one_for_later_is_sent_beside_any_number(db, sent, heard):
    """Those that lie there are taken before it is due."""
    heard[0] = True
    assert tickets.issue(run=row(due_at=timezone.now() + timedelta(seconds=5)))
    assert (len(sent), heard[1]) == (1, [])


def test_what_was_lost_is_not_left_to_the_bell(db, sent, heard):
    """Who is on its lists may be what was lost."""
    heard[0] = True
    row(queue="bulk")
    assert tickets.top_up() == 1
    assert heard[1] == []


def test_none_are_sent_for_a_closed_lane(db, sent):
    row(lane="mail")
    lanes.close("mail", 30)
    assert tickets.top_up() == 0


def test_the_broker_is_asked_how_many_lie_there(db):
    assert tickets.waiting("never-used") == 0
