from __future__ import annotations

import pytest

from config.settings.mail import _smtp


@pytest.mark.parametrize(
    ("address", "port", "tls", "ssl"),
    [
        ("smtp://mail.example", 587, True, False),
        ("smtp://mail.example:2525", 2525, True, False),
        ("smtps://mail.example", 465, False, True),
        ("smtp://127.0.0.1:1025", 1025, False, False),
    ],
)
def test_a_server_is_read_out_of_its_address(address, port, tls, ssl):
    found = _smtp(address)
    assert (found["port"], found["use_tls"], found["use_ssl"]) == (port, tls, ssl)


def test_name_and_password_may_have_any_characters():
    found = _smtp("smtp://some%40body:p%2Fw@mail.example")
    assert (found["username"], found["password"]) == ("some@body", "p/w")
