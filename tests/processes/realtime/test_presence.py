import json
import signal
from contextlib import ExitStack

import pytest

from tests.integration.realtime.endpoint import channel, eventually, serve


@pytest.fixture(scope="module")
def neighbour(endpoint):
    """A second web process of the same application."""
    with serve(like=endpoint) as neighbour:
        yield neighbour


def roll(confirmation):
    return json.loads(confirmation["data"])["presence"]


def member(message):
    return json.loads(message["data"])["user_id"]


def test_roll_lists_who_is_there(endpoint, socket):
    name = channel("presence-")
    socket.join(name, "ada", name="Ada")
    with endpoint.open() as other:
        assert roll(other.join(name, "bob", name="Bob")) == {
            "count": 2,
            "ids": ["ada", "bob"],
            "hash": {"ada": {"name": "Ada"}, "bob": {"name": "Bob"}},
        }


def test_members_are_seen_across_processes(socket, neighbour):
    name = channel("presence-")
    socket.join(name, "ada")
    with neighbour.open() as other:
        assert roll(other.join(name, "bob", name="B"))["count"] == 2
        added = json.loads(socket.hear("pusher_internal:member_added")["data"])
        assert added == {"user_id": "bob", "user_info": {"name": "B"}}
    assert member(socket.hear("pusher_internal:member_removed")) == "bob"


def test_only_first_and_last_connection_of_a_user_are_told(endpoint, socket, neighbour):
    name = channel("presence-")
    socket.join(name, "ada")
    with endpoint.open() as first:
        first.join(name, "bob")
        socket.hear("pusher_internal:member_added")
        with neighbour.open() as second:
            assert roll(second.join(name, "bob"))["count"] == 2
            socket.settle()
        eventually(lambda: _subscriptions(endpoint, name), 2)
        socket.settle()
    socket.hear("pusher_internal:member_removed")


def test_channel_is_full_at_a_hundred_members(endpoint, socket):
    name = channel("presence-")
    with ExitStack() as stack:
        for number in range(100):
            stack.enter_context(endpoint.open()).join(name, str(number))
        socket.say("pusher:subscribe", socket.ticket(name, "one-too-many"))
        assert socket.hear("pusher:subscription_error")["data"]["type"] == "LimitReached"
        socket.hear("pusher:error")
        assert len(endpoint.pusher.users_info(name)["users"]) == 100
        with endpoint.open() as known:
            assert roll(known.join(name, "7"))["count"] == 100


@pytest.mark.parametrize(
    "data",
    ["{}", "[]", "nonsense", '{"user_id": ""}', '{"user_id": true, "x": "' + "x" * 2_048 + '"}',
     '{"user_id": "\\ud800"}', '{"user_id": ["a"]}'],
)  # fmt: skip
def test_bad_member_is_refused(socket, data):
    name = channel("presence-")
    from apps.realtime.signatures import channel_text, sign

    signature = sign(socket.endpoint.secret, channel_text(socket.id, name, data))
    auth = f"{socket.endpoint.key}:{signature}"
    socket.say("pusher:subscribe", {"channel": name, "auth": auth, "channel_data": data})
    assert "channel_data" in socket.hear("pusher:subscription_error")["data"]["error"]


def test_members_of_a_killed_process_leave(endpoint, socket):
    name = channel("presence-")
    socket.join(name, "ada")
    with serve(like=endpoint) as doomed, doomed.open() as other:
        other.join(name, "bob")
        socket.hear("pusher_internal:member_added")
        doomed.process.kill()
        doomed.process.wait()
        assert member(socket.hear("pusher_internal:member_removed")) == "bob"
    assert endpoint.pusher.users_info(name) == {"users": [{"id": "ada"}]}
    assert _subscriptions(endpoint, name) == 1


def test_members_of_a_process_that_slept_past_its_lease_are_back_when_it_wakes(endpoint, socket):
    name = channel("presence-")
    socket.join(name, "ada")
    with serve(like=endpoint) as sleeper, sleeper.open() as other:
        other.join(name, "bob")
        socket.hear("pusher_internal:member_added")
        sleeper.process.send_signal(signal.SIGSTOP)
        try:
            assert member(socket.hear("pusher_internal:member_removed")) == "bob"
        finally:  # nobody can take leave of a process that stands still
            sleeper.process.send_signal(signal.SIGCONT)
        added = socket.hear("pusher_internal:member_added")
        assert member(added) == "bob"
        other.hear("pusher_internal:member_removed")
        other.hear("pusher_internal:member_added")
        other.settle()


def _subscriptions(endpoint, name):
    return endpoint.pusher.channel_info(name, ["subscription_count"])["subscription_count"]
