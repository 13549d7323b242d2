import asyncio

import pytest

from apps.realtime.outbox import MAX_WAITING, ActivityClock, Allowance, Outbox

pytestmark = pytest.mark.asyncio


async def written(outbox):
    sent = []

    async def send(message):
        sent.append(message)

    await asyncio.wait_for(outbox.write_to(send), 5)
    return sent


async def test_writes_in_order_and_ends_with_the_close():
    outbox = Outbox()
    outbox.push_frame("1")
    outbox.push_frame("2")
    outbox.close(4200)
    outbox.push_frame("too late")
    outbox.close(4001)
    assert [m.get("text", m.get("code")) for m in await written(outbox)] == ["1", "2", 4200]


async def test_a_slow_reader_is_sent_away():
    outbox = Outbox()
    for number in range(MAX_WAITING + 5):
        outbox.push_frame(str(number))
    assert await written(outbox) == [{"type": "websocket.close", "code": 4100}]


async def test_a_client_that_is_gone_ends_the_writer():
    outbox = Outbox()
    outbox.push_frame("1")

    async def send(message):
        raise OSError

    await asyncio.wait_for(outbox.write_to(send), 5)
    assert outbox.is_closed


async def test_silence_is_answered_with_a_ping_then_a_close():
    outbox = Outbox()
    clock = ActivityClock(outbox, idle=0.01, grace=0.01)
    sent = await written(outbox)
    clock.stop()
    assert "pusher:ping" in sent[0]["text"]
    assert sent[-1] == {"type": "websocket.close", "code": 4201}


async def test_ten_in_any_second():
    allowance = Allowance(10)
    assert all(allowance.take(n / 100) for n in range(10))
    assert not allowance.take(0.99)
    assert allowance.take(1.0)
    assert not allowance.take(1.005)
