import json

from tests.integration.realtime.endpoint import channel


def test_event_reaches_subscribers_of_the_channel_only(endpoint, socket):
    mine, other = channel(), channel()
    with endpoint.open() as bystander:
        bystander.join(other)
        socket.join(mine)
        endpoint.pusher.trigger(mine, "greeting", {"text": "hé"})
        assert socket.hear("greeting") == {
            "event": "greeting",
            "channel": mine,
            "data": '{"text": "hé"}',
        }
        bystander.settle()


def test_nothing_after_unsubscribing(endpoint, socket):
    name = channel()
    socket.join(name)
    socket.leave(name)
    endpoint.pusher.trigger(name, "late", {})
    socket.settle()


def test_joining_twice_is_refused(socket):
    name = channel()
    socket.join(name)
    socket.say("pusher:subscribe", {"channel": name})
    assert "already" in socket.hear("pusher:error")["data"]["message"]


def test_private_channel_opens_to_a_signature(endpoint, socket):
    name = channel("private-")
    socket.join(name)
    endpoint.pusher.trigger(name, "secret", {"n": 1})
    assert json.loads(socket.hear("secret")["data"]) == {"n": 1}


def test_private_channel_stays_closed_to_others_signatures(endpoint, socket):
    name = channel("private-")
    with endpoint.open() as other:
        socket.say("pusher:subscribe", other.ticket(name))
    refusal = socket.hear("pusher:subscription_error")
    assert refusal["channel"] == name
    assert refusal["data"]["type"] == "AuthError"
    assert socket.hear("pusher:error")["data"]["code"] == 4009
    endpoint.pusher.trigger(name, "secret", {})
    socket.settle()


def test_presence_needs_the_signed_member(socket):
    name = channel("presence-")
    ticket = socket.ticket(name, "1")
    ticket["channel_data"] = ticket["channel_data"].replace("1", "2", 1)
    socket.say("pusher:subscribe", ticket)
    assert socket.hear("pusher:subscription_error")["data"]["status"] == 401


def test_a_connection_joins_two_hundred_channels_at_most(socket):
    for number in range(200):
        socket.join(f"{channel()}.{number}")
    socket.say("pusher:subscribe", {"channel": channel()})
    assert "at most" in socket.hear("pusher:error")["data"]["message"]


def test_client_event_goes_to_the_others(endpoint, socket):
    name = channel("private-")
    socket.join(name)
    with endpoint.open() as other:
        other.join(name)
        socket.say("client-typing", {"by": "me"}, channel=name)
        assert other.hear("client-typing")["data"] == {"by": "me"}
    socket.settle()


def test_client_event_on_presence_names_its_user(endpoint, socket):
    name = channel("presence-")
    socket.join(name, "ada")
    with endpoint.open() as other:
        other.join(name, "bob")
        other.say("client-wave", "hi", channel=name)
        socket.hear("pusher_internal:member_added")
        assert socket.hear("client-wave")["user_id"] == "bob"


def test_client_event_is_refused_on_public_and_foreign_channels(socket):
    public, foreign = channel(), channel("private-")
    socket.join(public)
    for name in (public, foreign):
        socket.say("client-x", {}, channel=name)
        assert "rejected" in socket.hear("pusher:error")["data"]["message"]


def test_client_event_data_is_limited(socket):
    name = channel("private-")
    socket.join(name)
    socket.say("client-x", "é" * 5_121, channel=name)
    assert "larger" in socket.hear("pusher:error")["data"]["message"]


def test_client_events_are_limited_to_ten_a_second(endpoint, socket):
    name = channel("private-")
    socket.join(name)
    with endpoint.open() as other:
        other.join(name)
        for number in range(11):
            socket.say("client-x", number, channel=name)
        assert [other.hear("client-x")["data"] for _ in range(10)] == list(range(10))
        assert socket.hear("pusher:error")["data"]["code"] == 4301
        other.settle()
