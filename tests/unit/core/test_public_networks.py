from __future__ import annotations

import ipaddress

import pytest

from apps.core import public_networks

INSIDE = [
    "0.0.0.1", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1",
    "127.255.255.254", "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255",
    "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1",
    "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1",
    "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1",
    "2001::1", "2001:db8::1", "2002:7f00:1::1", "3fff::1", "5f00::1",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
]  # fmt: skip
OUTSIDE = [
    "8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.32.0.1",
    "2606:4700::1111", "2a00::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_no_public_address(address):
    assert public_networks.reason_against(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_is_one(address):
    assert public_networks.reason_against(ipaddress.ip_address(address)) == ""


@pytest.mark.parametrize("host", INSIDE + OUTSIDE)
def test_an_address_in_the_usual_notation_is_read(host):
    assert public_networks.parse(host) == ipaddress.ip_address(host)


@pytest.mark.parametrize(
    "host",
    [
        "127.1", "2130706433", "0x7f000001", "0x7f.1", "0x7f.0.0.1", "0177.0.0.1", "017700000001",
        "127.0.0.01", "1.2.3.4.5", "256.1.1.1", "0x", "fe80::1%eth0", "fe80::1%25eth0", "::1::",
        "example.127", "example.0x1",
    ],
)  # fmt: skip
def test_other_notations_are_neither_address_nor_name(host):
    with pytest.raises(ValueError):  # noqa: PT011 -- as ipaddress says it
        public_networks.parse(host)


@pytest.mark.parametrize("host", ["example.com", "127.example", "0x7f.example", "a1", "x.y1"])
def test_a_name_is_no_address(host):
    assert public_networks.parse(host) is None
