"""Queues as plots and tables, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.jobs import charts
from apps.jobs.services.statistics import PERIODS, Group, Moment, Now, Numbers

START = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (None, "none"), (0, "0 s"), (0.238, "0.24 s"), (2, "2 s"), (12.4, "12 s"),
        (180, "3 min"), (185, "3 min 5 s"), (7_200, "2 h"), (7_830, "2 h 10 min"),
    ],
)  # fmt: skip
def test_seconds_are_said_as_people_do(number, words):
    assert charts.seconds(number) == words


def panel(moments, total=None):
    return charts.of(Group("queue", "bulk", total or Numbers(), moments, Now()), PERIODS["1h"])


def test_a_busy_queue_is_drawn_said_and_listed():
    moments = [
        Moment(START, Numbers(4, 1, 2, 8), 3),
        Moment(START + timedelta(minutes=1), Numbers(), 0),
    ]
    found = panel(moments, Numbers(4, 1, 2, 8))
    ended, failed, wait, waiting = found.plots
    assert [bar.height for bar in ended.bars] == [200, 0]
    assert "4 ended; most at 09:00, 4" in ended.summary
    assert failed.headline == "1 failed, 25.0 %"
    assert [bar.height for bar in wait.over] == [50, 0]
    assert wait.headline == "half within 2 s, 19 of 20 within 8 s"
    assert (waiting.top, waiting.first, waiting.last) == ("3", "09:00", "09:01")
    assert found.rows[1] == ("09:00", "4", "1", "2 s", "8 s", "3")


def test_a_quiet_queue_says_so():
    found = panel([Moment(START, Numbers(), 0)])
    assert found.plots[2].headline == "nothing begun"
    assert found.rows == [("09:00", "0", "0", "-", "-", "0")]
