"""The hub in this process, on a real Redis."""

import asyncio
import json

import pytest

from apps.realtime import broadcast, hub, occupancy, redis_clients
from apps.realtime.applications import Application
from apps.realtime.subscriptions import Connection
from tests.integration.realtime.endpoint import channel

pytestmark = pytest.mark.asyncio
APPLICATION = Application("1", "key", "secret")
COUNTING = Application("2", "key", "secret", tells_counts=True)


@pytest.fixture
def name():
    return channel()


async def joined(name, socket_id="1.1", application=APPLICATION):
    connection = Connection(socket_id, application)
    await hub.current().enter(connection)
    await hub.current().subscribe(connection, name)
    return connection


async def heard(connection, count):
    """The first `count` frames written to the connection."""
    frames, done = [], asyncio.Event()

    async def send(message):
        frames.append(message["text"])
        if len(frames) == count:
            done.set()

    writer = asyncio.create_task(connection.outbox.write_to(send))
    await asyncio.wait_for(done.wait(), 5)
    writer.cancel()
    return frames


async def test_a_frame_arrives_as_it_was_sent(name):
    connection = await joined(name)
    await broadcast.send(APPLICATION.address(name), "frame")
    assert (await heard(connection, 2))[1] == "frame"
    await hub.current().leave(connection)


async def test_a_bad_message_does_not_silence_the_others(name, caplog):
    connection = await joined(name)
    redis = redis_clients.of_loop()
    await redis.publish(broadcast.redis_channel(APPLICATION.address(name)), "not a broadcast")
    await broadcast.send(APPLICATION.address(name), "frame")
    assert (await heard(connection, 2))[1] == "frame"
    assert "realtime_message_lost" in caplog.text
    await hub.current().leave(connection)


async def test_many_frames_arrive_in_order(name):
    connection = await joined(name)
    reader = asyncio.create_task(heard(connection, 501))
    for number in range(500):
        await broadcast.send(APPLICATION.address(name), str(number))
    assert (await reader)[1:] == [str(number) for number in range(500)]
    await hub.current().leave(connection)


async def test_counts_follow_the_subscriptions(name):
    first, second = await joined(name, "1.1"), await joined(name, "1.2")
    assert occupancy.subscription_count(APPLICATION, name) == 2
    await hub.current().unsubscribe(first, name)
    assert occupancy.subscriptions(APPLICATION)[name] == 1
    await hub.current().leave(second)
    assert name not in occupancy.subscriptions(APPLICATION)
    await hub.current().leave(first)


async def told(connection, number):
    """The last of the counts that the connection hears, once it is `number`."""
    done = asyncio.Event()

    async def send(message):
        frame = json.loads(message["text"])
        if frame["event"] == "pusher_internal:subscription_count":
            assert frame["channel"] in connection.subscriptions
            if json.loads(frame["data"]) == {"subscription_count": number}:
                done.set()

    writer = asyncio.create_task(connection.outbox.write_to(send))
    await asyncio.wait_for(done.wait(), 5)
    writer.cancel()


async def test_channels_hear_how_many_they_are_where_that_is_wanted(name):
    first = await joined(name, "1.1", COUNTING)
    await told(first, 1)
    second = await joined(name, "1.2", COUNTING)
    await told(first, 2)
    await told(second, 2)
    await hub.current().leave(second)
    await told(first, 1)
    await hub.current().leave(first)


async def test_the_hub_rests_and_works_again(name):
    for _ in range(2):
        connection = await joined(name)
        assert hub.current()._heart
        await hub.current().leave(connection)
        assert not hub.current()._heart


async def test_it_rests_wherever_a_heartbeat_is(settings):
    """Where a cancellation comes together with the end of a sending, it is lost."""
    settings.REALTIME_HEARTBEAT_SECONDS = 0.0
    for steps in range(40):
        connection = Connection(f"{steps}.1", APPLICATION)
        await hub.current().enter(connection)
        for _ in range(steps):
            await asyncio.sleep(0)
        async with asyncio.timeout(20):
            await hub.current().leave(connection)
