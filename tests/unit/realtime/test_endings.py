"""Tasks end, also those that lose a cancellation."""

import asyncio

import pytest

from apps.realtime import endings


async def beating(ready, lost):
    """As the hub's heart: it sends with `wait_for`, which may lose as many cancellations."""
    while True:
        try:
            ready.set()
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            if not lost:
                raise
            lost -= 1


@pytest.mark.parametrize("lost", [0, 1, 3])
def test_it_is_over_however_many_cancellations_are_lost(monkeypatch, lost):
    monkeypatch.setattr(endings, "AGAIN_SECONDS", 0.001)

    async def run():
        ready = asyncio.Event()
        task = asyncio.create_task(beating(ready, lost))
        await ready.wait()
        await endings.end(task)
        return task

    assert asyncio.run(run()).cancelled()


@pytest.mark.filterwarnings("error")
def test_what_failed_before_is_nobodys_error():
    async def run():
        task = asyncio.create_task(asyncio.sleep(0))
        failed = asyncio.get_running_loop().create_future()
        failed.set_exception(ValueError)

        async def fail():
            await failed

        broken = asyncio.create_task(fail())
        await task
        await endings.end(broken)
        return broken

    assert isinstance(asyncio.run(run()).exception(), ValueError)
