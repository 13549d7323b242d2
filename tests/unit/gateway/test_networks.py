from __future__ import annotations

import pytest
from django.test import RequestFactory

from apps.gateway import networks


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        (" 203.0.113.7/24 ", "203.0.113.0/24"),
        ("2001:DB8::1/32", "2001:db8::/32"),
    ],
)
def test_a_network_is_stored_as_one(given, stored):
    assert networks.normalise(given) == stored


@pytest.mark.parametrize("given", ["", "home", "300.0.0.1", "10.0.0.0/33", "0.0.0.0/0", "::/0"])
def test_what_is_none_is_told_so_in_a_sentence(given):
    with pytest.raises(ValueError, match=r"\.$"):
        networks.normalise(given)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("203.0.113.200", True),
        ("203.0.114.1", False),
        ("::ffff:203.0.113.200", True),
        ("2001:db8:1::5", True),
        ("2001:db9::5", False),
        ("", False),
        ("nowhere", False),
    ],
)
def test_who_is_inside(address, inside):
    assert networks.includes(["203.0.113.0/24", "2001:db8::/32"], address) is inside


def test_an_ipv6_customer_is_counted_as_one():
    assert networks.group_of("2001:db8:1:2:3::4") == networks.group_of("2001:db8:1:2:ffff::1")
    assert networks.group_of("2001:db8:1:2::1") != networks.group_of("2001:db8:1:3::1")
    assert networks.group_of("203.0.113.7") == "203.0.113.7"


@pytest.mark.parametrize(
    ("sent", "read"), [("203.0.113.7", "203.0.113.7"), ("::ffff:10.0.0.1", "10.0.0.1"), ("", "")]
)
def test_the_address_of_a_request(sent, read):
    assert networks.address_of(RequestFactory().get("/", REMOTE_ADDR=sent)) == read
