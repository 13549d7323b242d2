"""Pusher's own server library for Python, against the built-in endpoint."""

import json

import pytest
from pusher.errors import PusherBadAuth, PusherBadRequest, PusherBadStatus

from tests.integration.realtime.endpoint import channel


def test_trigger_on_several_channels(endpoint, socket):
    names = [channel(), channel(), channel()]
    for name in names:
        socket.join(name)
    assert endpoint.pusher.trigger(names, "e", {"n": 1}) == {}
    assert [socket.hear("e")["channel"] for _ in names] == names


def test_trigger_leaves_out_the_socket_it_came_from(endpoint, socket):
    name = channel()
    socket.join(name)
    with endpoint.open() as other:
        other.join(name)
        endpoint.pusher.trigger(name, "e", "text", socket.id)
        assert other.hear("e")["data"] == "text"
    socket.settle()


def test_trigger_batch(endpoint, socket):
    names = [channel(), channel()]
    for name in names:
        socket.join(name)
    batch = [{"channel": name, "name": "e", "data": {"of": name}} for name in names]
    assert endpoint.pusher.trigger_batch(batch) == {}
    assert [json.loads(socket.hear("e")["data"]) for _ in names] == [{"of": n} for n in names]


def test_channels_info(endpoint, socket):
    public, presence = channel(), channel("presence-")
    socket.join(public)
    socket.join(presence, "ada")
    assert endpoint.pusher.channels_info(public) == {"channels": {public: {}}}
    assert endpoint.pusher.channels_info(presence, ["user_count", "subscription_count"]) == {
        "channels": {presence: {"user_count": 1, "subscription_count": 1}}
    }


def test_channel_info(endpoint, socket):
    name = channel("presence-")
    assert endpoint.pusher.channel_info(name) == {"occupied": False}
    socket.join(name, "ada")
    with endpoint.open() as other:
        other.join(name, "ada")
        assert endpoint.pusher.channel_info(name, ["user_count", "subscription_count"]) == {
            "occupied": True,
            "user_count": 1,
            "subscription_count": 2,
        }


def test_users_info(endpoint, socket):
    name = channel("presence-")
    socket.join(name, "bob")
    with endpoint.open() as other:
        other.join(name, "ada")
        users = endpoint.pusher.users_info(name)
    assert users == {"users": [{"id": "ada"}, {"id": "bob"}]}


def test_wrong_secret(endpoint):
    stranger = type(endpoint.pusher)(
        endpoint.app_id, endpoint.key, "wrong", ssl=False, host="127.0.0.1", port=endpoint.port
    )
    with pytest.raises(PusherBadAuth):
        stranger.trigger(channel(), "e", {})


def test_refusals_come_as_the_librarys_errors(endpoint):
    with pytest.raises(PusherBadRequest):
        endpoint.pusher.users_info(channel())
    with pytest.raises(PusherBadStatus, match="413"):
        endpoint.pusher.trigger(channel(), "e", "x" * 10_241)
