"""The broker's connection as the worker has it."""

from __future__ import annotations

from config.celery import Broker


def test_a_worker_outlives_a_channel_that_cannot_give_its_messages_back():
    closed = []

    class Channel:
        def close(self):
            closed.append(True)
            raise AttributeError("'NoneType' object has no attribute 'hostname'")

    Broker("redis://127.0.0.1:1/0").maybe_close_channel(Channel())
    assert closed
