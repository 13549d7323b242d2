"""Redis goes away and comes back while clients are connected."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pusher.errors import PusherBadStatus

from apps.realtime import keys
from tests.integration.realtime.endpoint import PATIENCE, channel, eventually, serve
from tests.processes.valkey import Valkey


class Redis(Valkey):
    def await_heartbeat(self) -> None:
        """Until the endpoint has renewed its lease."""
        before = self._leases()
        deadline = time.monotonic() + PATIENCE
        while self._leases() == before:
            assert time.monotonic() < deadline, "no heartbeat"

    def _leases(self) -> object:
        return self.client.zrange(keys.NODES, 0, -1, withscores=True)


@pytest.fixture(name="redis")
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def endpoint(redis):
    with serve(REDIS_URL=redis.url) as endpoint:
        yield endpoint


def test_clients_are_sent_back_once_after_a_restart_and_hear_again(redis, endpoint):
    name = channel("presence-")
    with endpoint.open() as before:
        before.join(name, "ada")
        before.settle()
        redis.stop()
        with pytest.raises(PusherBadStatus, match="503"):
            endpoint.pusher.trigger(name, "lost", {})
        redis.start()
        assert before.closing_code() == 4200
    with endpoint.open() as after:
        after.join(name, "ada")
        for _ in range(3):
            redis.await_heartbeat()
            endpoint.pusher.trigger(name, "found", {})
            after.hear("found")
        after.settle()
        assert endpoint.pusher.users_info(name) == {"users": [{"id": "ada"}]}


def test_who_is_subscribed_is_known_again_after_redis_lost_everything(redis, endpoint):
    public, presence = channel(), channel("presence-")
    with endpoint.open() as socket:
        socket.join(public)
        socket.join(presence, "ada")
        redis.client.flushall()
        eventually(lambda: endpoint.pusher.users_info(presence), {"users": [{"id": "ada"}]})
        wanted = {"occupied": True, "subscription_count": 1}
        assert endpoint.pusher.channel_info(public, ["subscription_count"]) == wanted
        socket.hear("pusher_internal:member_added")
        socket.settle()


def test_an_event_right_after_a_join_is_heard_although_the_lease_had_lapsed(redis, endpoint):
    with endpoint.open() as first, endpoint.open() as second:
        first.join(channel())
        redis.client.flushall()
        name = channel()
        second.join(name)
        wanted = {"occupied": True, "subscription_count": 1}
        assert endpoint.pusher.channel_info(name, ["subscription_count"]) == wanted
        endpoint.pusher.trigger(name, "found", {})
        second.hear("found")


def test_a_subscription_that_redis_cut_is_mended_and_clients_are_told(redis, endpoint):
    name = channel()
    with endpoint.open() as idle, endpoint.open() as listening:
        listening.join(name)
        redis.client.client_kill_filter(_type="pubsub")
        assert listening.closing_code() == 4200
        idle.join(name)
        endpoint.pusher.trigger(name, "found", {})
        idle.hear("found")


def test_without_redis_clients_are_told_to_come_later(redis, endpoint):
    with endpoint.open() as early:
        redis.stop()
        early.say("pusher:subscribe", {"channel": channel()})
        assert early.hear("pusher:error")["data"]["code"] == 4100
        assert early.closing_code() == 4100
    with endpoint.open("/app/" + endpoint.key + "?protocol=7") as late:
        assert late.closing_code() == 4100
    redis.start()
    with endpoint.open() as again:
        again.join(channel())
