"""The vendor's own worked examples.

https://pusher.com/docs/channels/library_auth_reference/auth-signatures/
https://pusher.com/docs/channels/library_auth_reference/rest-api/#worked-authentication-example
"""

from apps.realtime import signatures

SECRET = "7ad3773142a6692b25b8"


def test_private_channel():
    text = signatures.channel_text("1234.1234", "private-foobar")
    expected = "58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"
    assert signatures.matches(SECRET, text, expected)


def test_presence_channel():
    data = '{"user_id":10,"user_info":{"name":"Mr. Channels"}}'
    text = signatures.channel_text("1234.1234", "presence-foobar", data)
    expected = "31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80"
    assert signatures.matches(SECRET, text, expected)


def test_request():
    body = b'{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}'
    query = {
        "auth_key": "278d425bdf160c739803",
        "auth_timestamp": "1353088179",
        "auth_version": "1.0",
        "body_md5": signatures.body_md5(body),
    }
    assert query["body_md5"] == "ec365a775a4cd0599faeb73354201b6f"
    text = signatures.request_text("POST", "/apps/3/events", query)
    expected = "da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c"
    assert signatures.matches(SECRET, text, expected)


def test_signature_itself_is_not_signed():
    query = {"b": "2", "A": "1", "auth_signature": "x"}
    assert signatures.request_text("get", "/p", query) == "GET\n/p\na=1&b=2"


def test_anything_but_ascii_never_matches():
    assert not signatures.matches(SECRET, "text", "é" * 64)
