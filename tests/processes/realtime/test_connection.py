import json
from contextlib import ExitStack

import pytest

from tests.integration.realtime.endpoint import IMPATIENT, serve


def test_greeting_names_socket_and_timeout(endpoint):
    with endpoint.open() as socket:
        assert socket.id.replace(".", "").isdecimal()


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/app/nobody?protocol=7", 4001),
        ("/elsewhere", 4005),
        ("/app/{key}?protocol=seven", 4006),
        ("/app/{key}?protocol=3", 4007),
        ("/app/{key}", 4008),
    ],
)
def test_refused_with_code(endpoint, path, code):
    with endpoint.open(path.format(key=endpoint.key)) as socket:
        assert socket.closing_code() == code


def test_refusal_says_why(endpoint):
    with endpoint.open("/app/nobody?protocol=7") as socket:
        assert socket.hear("pusher:error")["data"]["code"] == 4001


def test_ping_is_answered(socket):
    socket.settle()


def test_silent_client_is_asked_and_one_that_stays_silent_is_closed():
    with serve(DJANGO_SETTINGS_MODULE=IMPATIENT) as impatient:
        with impatient.open() as socket:
            for _ in range(2):
                socket.hear("pusher:ping")
                socket.say("pusher:pong", {})
            socket.settle()
        with impatient.open() as socket:
            socket.hear("pusher:ping")
            assert socket.closing_code() == 4201


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        "{}",
        '{"event": 7}',
        '{"event": ""}',
        '{"event": "pusher:unheard-of"}',
        '{"event": "pusher:subscribe"}',
        '{"event": "pusher:subscribe", "data": {"channel": ["a"]}}',
        '{"event": "pusher:subscribe", "data": {"channel": "with space"}}',
        '{"event": "pusher:unsubscribe", "data": 1}',
        '{"event": "client-x", "channel": {}, "data": 1}',
        '{"event": "pusher:subscribe", "data": {"channel": "private-x", "auth": 1}}',
        "[" * 30_000,
        '{"event": "' + "x" * 70_000 + '"}',
    ],
)
def test_nonsense_is_answered_and_survived(socket, text):
    socket.connection.send(text)
    assert socket.hear()["event"] in {"pusher:error", "pusher:subscription_error"}
    assert json.loads(_settled(socket))["event"] == "pusher:pong"


def test_binary_is_answered_and_survived(socket):
    socket.connection.send(b"\x00\xff")
    socket.hear("pusher:error")
    socket.settle()


def test_one_process_takes_only_so_many(endpoint):
    path = f"/app/{endpoint.key}?protocol=7"
    with ExitStack() as stack:
        sockets = [stack.enter_context(endpoint.open(path)) for _ in range(151)]
        greetings = [socket.hear() for socket in sockets]
    assert greetings[-1]["data"]["code"] == 4100
    assert greetings[0]["event"] == "pusher:connection_established"


def _settled(socket):
    socket.say("pusher:ping", {})
    while "pong" not in (text := socket.connection.recv(timeout=5)):
        pass
    return text
