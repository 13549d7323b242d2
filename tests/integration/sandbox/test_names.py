"""The sandbox's name server, asked by the product's own client."""

from __future__ import annotations

import dns.message
import dns.query
import httpx
import pytest

from apps.core import dns_api

LONG = "v=DKIM1; k=rsa; p=" + "A" * 700


@pytest.fixture(autouse=True)
def resolver(sandbox, settings, own_redis):
    settings.DNS_RESOLVER = sandbox.name_server


def test_what_is_published_is_found(sandbox):
    sandbox.publish_record("School.example.", "txt", 'v=spf1 include:"x" ~all')
    sandbox.publish_record("em1.school.example", "CNAME", "u8.wl1.sendgrid.net")
    sandbox.publish_record("www.school.example", "A", "192.0.2.7")
    assert dns_api.texts("school.example") == ['v=spf1 include:"x" ~all']
    assert dns_api.targets("em1.school.example") == ["u8.wl1.sendgrid.net"]
    assert dns_api.addresses("www.school.example") == ["192.0.2.7"]
    assert dns_api.texts("nothing.school.example") == []


def test_what_does_not_fit_into_a_datagram_comes_over_tcp(sandbox):
    sandbox.publish_record("s._domainkey.school.example", "TXT", LONG)
    assert dns_api.texts("s._domainkey.school.example") == [LONG]


def test_an_alias_is_followed(sandbox):
    sandbox.publish_record("a.school.example", "CNAME", "b.school.example")
    sandbox.publish_record("b.school.example", "TXT", "there")
    assert dns_api.texts("a.school.example") == ["there"]


def test_what_is_withdrawn_is_gone(sandbox):
    sandbox.publish_record("school.example", "TXT", "one")
    sandbox.publish_record("school.example", "TXT", "two")
    (first, _) = sandbox.call("GET", "names/records")["records"]
    sandbox.call("DELETE", f"names/records/{first['id']}")
    assert dns_api.texts("school.example") == ["two"]
    sandbox.call("DELETE", "names/records")
    assert dns_api.texts("school.example") == []


@pytest.mark.parametrize(
    ("name", "kind", "value", "words"),
    [
        ("school.example", "SRV", "x", "must be one of"),
        ("school.example", "A", "300.1.1.1", "no value of a A record"),
        ("school.example", "TXT", "", "needs a value"),
        ("school", "TXT", "x", "at least two parts"),
        ("alias.school.example", "TXT", "x", "nothing else may stand"),
    ],
)
def test_what_no_name_server_takes_is_explained(sandbox, name, kind, value, words):
    sandbox.publish_record("alias.school.example", "CNAME", "x.example")
    with pytest.raises(httpx.HTTPStatusError) as refusal:
        sandbox.publish_record(name, kind, value)
    assert words in refusal.value.response.json()["message"]


def test_nonsense_is_left_unanswered_and_the_next_question_is_answered(sandbox):
    host, _, port = sandbox.name_server.partition(":")
    query = dns.message.make_query("school.example", "TXT")
    with dns.query.socket.create_connection((host, int(port))) as stream:
        stream.sendall(b"\x00\x02no")
        assert stream.recv(10) == b""
    assert dns.query.udp(query, host, port=int(port), timeout=10).id == query.id
