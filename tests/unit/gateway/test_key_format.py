from __future__ import annotations

import re

import pytest

from apps.gateway import key_format

FORMER = "tbx_" + "aB3-_" * 8 + "xyz"


@pytest.mark.parametrize("environment", ["live", "test"])
def test_a_new_key_is_well_formed_and_says_what_it_is(environment):
    secret = key_format.generate(environment)
    assert re.fullmatch(rf"tbx_{environment}_\w{{36}}", secret)
    assert key_format.is_well_formed(secret)
    assert key_format.prefix_of(secret) == secret[:13]


def test_no_two_are_alike():
    assert len({key_format.generate("live") for _ in range(200)}) == 200


def test_one_wrong_letter_anywhere_is_noticed():
    secret = key_format.generate("live")
    for place in range(4, len(secret)):
        other = "x" if secret[place] != "x" else "y"
        assert not key_format.is_well_formed(secret[:place] + other + secret[place + 1 :])


def test_a_test_key_does_not_become_a_live_one():
    secret = key_format.generate("test")
    assert not key_format.is_well_formed(secret.replace("tbx_test_", "tbx_live_"))


@pytest.mark.parametrize("spoil", [lambda s: s[:-1], lambda s: s + "a", lambda s: f" {s}"])
def test_what_was_cut_or_grew_is_none(spoil):
    assert not key_format.is_well_formed(spoil(key_format.generate("live")))


def test_keys_from_before_are_still_keys():
    assert key_format.is_well_formed(FORMER)


@pytest.mark.parametrize("text", ["", "tbx_", "tbx_live_", "tbx_made-up", "ä" * 47, FORMER + "a"])
def test_nonsense_is_none(text):
    assert not key_format.is_well_formed(text)


def test_the_checksum_is_the_one_documented():
    """CRC-32, whose check value is that of "123456789", in base 62."""
    value = 0
    for digit in key_format._checksum("123456789"):
        value = value * 62 + key_format.DIGITS.index(digit)
    assert value == 0xCBF43926
