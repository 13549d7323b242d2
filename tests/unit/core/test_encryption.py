from __future__ import annotations

import os

import pytest

from apps.core.encryption import Undecryptable, decrypt, encrypt


def test_what_goes_in_comes_out_and_never_looks_the_same_twice():
    first, second = (encrypt("secret", context="a") for _ in range(2))
    assert first != second
    assert decrypt(first, context="a") == decrypt(second, context="a") == "secret"


def test_an_old_key_still_opens_after_rotation(settings):
    old = {"old": os.urandom(32)}
    settings.FIELD_ENCRYPTION_KEYS = old
    sealed = encrypt("secret", context="a")
    settings.FIELD_ENCRYPTION_KEYS = {"new": os.urandom(32), **old}
    assert decrypt(sealed, context="a") == "secret"
    assert encrypt("secret", context="a").startswith("new:")


def test_a_value_moved_to_another_workspace_or_column_does_not_open():
    with pytest.raises(Undecryptable):
        decrypt(encrypt("secret", context="w_alpha/x.y"), context="w_beta/x.y")


@pytest.mark.parametrize(
    "spoil", [lambda v: v[:-4] + "AAA=", lambda v: "gone" + v, lambda v: v[:9]]
)
def test_a_spoilt_value_does_not_open(spoil):
    with pytest.raises(Undecryptable):
        decrypt(spoil(encrypt("secret", context="a")), context="a")
