"""The HTTP API's refusals, and what it says about channels."""

import time
from urllib.parse import urlencode

import pytest
from django.test import Client

from apps.realtime import protocol, signatures
from apps.realtime.protocol import to_json
from tests.integration.realtime.endpoint import channel


@pytest.fixture
def call(settings):
    """`call(path, body)` signs a request; keywords replace parts of its query, None drops one."""

    def send(path, body=None, *, app_id=settings.PUSHER_APP_ID, **changes):
        raw = b"" if body is None else body if isinstance(body, bytes) else to_json(body).encode()
        method = "GET" if body is None else "POST"
        whole = f"/apps/{app_id}/{path}"
        query = {
            "auth_key": settings.PUSHER_KEY,
            "auth_timestamp": f"{time.time():.0f}",
            "auth_version": "1.0",
            "body_md5": signatures.body_md5(raw),
        } | changes
        query = {name: value for name, value in query.items() if value is not None}
        text = signatures.request_text(method, whole, query)
        query.setdefault("auth_signature", signatures.sign(settings.PUSHER_SECRET, text))
        client = Client(SERVER_NAME="localhost")
        address = f"{whole}?{urlencode(query)}"
        return client.generic(method, address, raw, content_type="application/json")

    return send


def event(**changes):
    return {"name": "e", "channel": channel(), "data": "{}"} | changes


def test_event_is_taken(call):
    answer = call("events", event())
    assert (answer.status_code, answer.json()) == (200, {})


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"auth_key": "someone"}, "auth_key"),
        ({"auth_key": None}, "auth_key"),
        ({"auth_version": "2.0"}, "auth_version"),
        ({"auth_timestamp": "1"}, "auth_timestamp"),
        ({"auth_timestamp": "soon"}, "auth_timestamp"),
        ({"auth_timestamp": None}, "auth_timestamp"),
        ({"body_md5": "0" * 32}, "body_md5"),
        ({"body_md5": None}, "body_md5"),
        ({"auth_signature": "0" * 64}, "auth_signature"),
        ({"auth_signature": "é"}, "auth_signature"),
    ],
)
def test_unsigned_is_refused_in_plain_text(call, changes, word):
    answer = call("events", event(), **changes)
    assert answer.status_code == 401
    assert answer["Content-Type"].startswith("text/plain")
    assert word in answer.content.decode()


@pytest.mark.parametrize("skew", [-590, 590])
def test_clocks_may_differ_by_ten_minutes(call, skew):
    assert call("events", event(), auth_timestamp=f"{time.time() + skew:.0f}").status_code == 200


@pytest.mark.parametrize("skew", [-610, 610])
def test_clocks_may_not_differ_by_more(call, skew):
    assert call("events", event(), auth_timestamp=f"{time.time() + skew:.0f}").status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 50_000,
        b"\xff",
        event(name=""),
        event(name="x" * 201),
        event(name=7),
        event(data={"not": "a string"}),
        event(data=None),
        event(channel=None),
        event(channel="with space"),
        event(channel="x" * 201),
        event(channels=[]) | {"channel": None},
        event(channels=["c"] * 101),
        event(channels="c"),
        event(socket_id="1.1:private-x"),
        event(info="user_count"),
        event(info="colour"),
    ],
)
def test_bad_event_is_refused(call, body):
    assert call("events", body).status_code == 400


def test_event_data_is_limited_to_ten_kilobytes(call):
    assert call("events", event(data="é" * 5_120)).status_code == 200
    assert call("events", event(data="é" * 5_121)).status_code == 413


def test_a_hundred_channels_are_taken(call):
    assert call("events", event(channel=None, channels=[channel()] * 100)).status_code == 200


@pytest.mark.parametrize("batch", [None, {}, [event()] * 11, [event(channels=["a", "b"])], [1]])
def test_bad_batch_is_refused(call, batch):
    assert call("batch_events", {"batch": batch}).status_code == 400


def test_batch_answers_with_what_was_asked_for(call):
    batch = [event(info="subscription_count"), event()]
    assert call("batch_events", {"batch": batch}).json() == {
        "batch": [{"subscription_count": 0}, {}]
    }


@pytest.mark.parametrize("kind", ["cache-", "private-encrypted-cache-"])
def test_what_a_cache_channel_holds(call, kind):
    name = channel(kind)
    ask = {"info": "cache,subscription_count"}
    assert call(f"channels/{name}", **ask).json() == {"occupied": False, "subscription_count": 0}
    call("events", event(channel=name, data='{"n":1}'))
    kept = call(f"channels/{name}", **ask).json()["cache"]
    assert kept["data"] == '{"n":1}'
    assert 0 < kept["ttl"] <= protocol.CACHED_SECONDS


def test_unknown_app(call):
    assert call("events", event(), app_id="1").status_code == 404


def test_wrong_method(call):
    assert call("events").status_code == 405
    assert call("channels", {}).status_code == 405


def test_nobody_is_in_an_empty_channel(call):
    assert call(f"channels/{channel()}").json() == {"occupied": False}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("channels", {"info": "user_count"}),
        ("channels", {"info": "colour", "filter_by_prefix": "presence-"}),
        ("channels", {"info": "cache", "filter_by_prefix": "cache-"}),
        ("channels/public", {"info": "cache"}),
        ("channels/public", {"info": "user_count"}),
        ("channels/with space", {}),
        ("channels/public/users", {}),
    ],
)
def test_bad_question_is_refused(call, path, query):
    assert call(path, **query).status_code == 400
