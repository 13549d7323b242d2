"""Workers keep their database connection from task to task, unless it is not fit for the next."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from apps.jobs import kept_connections


class Kept(SimpleNamespace):
    """What Django's wrapper shows of a connection."""

    def get_autocommit(self):
        return self.autocommit

    def is_usable(self):
        return self.usable

    def close(self):
        self.closed = True


@pytest.fixture
def kept(monkeypatch):
    class Server:
        pass

    one = Kept(
        connection=Server(), in_atomic_block=False, autocommit=True, errors_occurred=False,
        usable=True, closed=False, health_check_done=True,
    )  # fmt: skip
    monkeypatch.setattr(kept_connections.connections, "all", lambda **_: [one])
    return one


@pytest.mark.parametrize(
    ("state", "closed"),
    [
        ({}, False),
        ({"in_atomic_block": True}, True),
        ({"autocommit": False}, True),
        ({"errors_occurred": True}, False),
        ({"errors_occurred": True, "usable": False}, True),
    ],
)
def test_after_a_task_what_is_not_fit_is_closed(kept, state, closed):
    vars(kept).update(state)
    kept_connections.after_task()
    assert kept.closed is closed
    assert closed or not kept.errors_occurred


def test_none_grows_old(kept, monkeypatch):
    kept_connections.after_task()
    later = time.monotonic() + kept_connections.KEPT_SECONDS
    monkeypatch.setattr(kept_connections.time, "monotonic", lambda: later)
    kept_connections.after_task()
    assert kept.closed


@pytest.mark.parametrize(("idle", "asked"), [(0.0, False), (60.0, True)])
def test_one_that_lay_idle_is_asked_first(kept, monkeypatch, idle, asked):
    kept_connections.after_task()
    later = kept_connections._last_used + idle
    monkeypatch.setattr(kept_connections.time, "monotonic", lambda: later)
    kept_connections.before_task()
    assert kept.health_check_done is not asked
