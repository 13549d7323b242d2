import json

import pytest

from apps.realtime import protocol


@pytest.mark.parametrize("name", ["a", "private-w-w_alpha.deployment.1", "A_=@,.;-9", "x" * 200])
def test_channel_names(name):
    assert protocol.is_channel_name(name)


@pytest.mark.parametrize("name", ["", "x" * 201, "a b", "a:b", "#server-to-user-1", "é", "a\n", 7])
def test_not_channel_names(name):
    assert not protocol.is_channel_name(name)


@pytest.mark.parametrize("value", ["1.2\n", "1.2:private-x", "1", "1.", "a.b", "٣.٣", None])
def test_not_socket_ids(value):
    assert not protocol.is_socket_id(value)


def test_nested_data_is_a_string():
    message = json.loads(protocol.nested_frame("e", {"a": 1}, channel="c"))
    assert message == {"event": "e", "channel": "c", "data": '{"a":1}'}


def test_half_a_surrogate_pair_passes_through():
    frame = protocol.frame("e", "\ud800")
    assert json.loads(frame.encode())["data"] == "\ud800"


def test_size_counts_bytes():
    assert protocol.size_of("é") == 2
    assert protocol.size_of({"a": 1}) == 7


def test_encrypted_channels_take_no_client_events():
    assert protocol.takes_client_events("private-x")
    assert not protocol.takes_client_events("private-encrypted-x")
    assert not protocol.takes_client_events("x")
