"""Known byte sequences of the format's public description, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.roblox.files.binary import interleave
from apps.roblox.files.binary.fixed import COLOR3, UDIM, UDIM2, VECTOR3, pack_referents, referents
from apps.roblox.files.binary.frames import ROTATIONS, Frames, OptionalFrames
from apps.roblox.files.binary.links import Links, Numbers
from apps.roblox.files.values import UDim, UDim2, Vector3

KNOWN = [
    (UDIM, "7f800080000000000000000000000408", [UDim(1.0, 2), UDim(3.0, 4)]),
    (UDIM2, "7e8000007f8000010000003b00000078", [UDim2(0.75, -30, -1.5, 60)]),
    (
        VECTOR3,
        "7F7F000000000001808000000000000180808080000000 01".replace(" ", ""),
        [Vector3(1, 2, 3), Vector3(-1, -2, -3)],
    ),
]


@pytest.mark.parametrize(("codec", "raw", "values"), KNOWN, ids=lambda value: str(value)[:24])
def test_known_columns(codec, raw, values):
    raw = bytes.fromhex(raw)
    codec.check(raw, len(values))
    assert list(codec.decode(raw, len(values), Links())) == values
    assert codec.encode(values, Numbers()) == raw


def test_a_known_color():
    color = COLOR3.decode(bytes.fromhex("7f0000007e69696a7b414142"), 1, Links())[0]
    assert [round(part * 255) for part in color] == [255, 180, 20]


def test_a_known_optional_frame():
    raw = bytes.fromhex("100a02" + "00" * 16 + "7f" + "00" * 7 + "020100")
    codec = OptionalFrames()
    codec.check(raw, 2)
    turned, nothing = codec.decode(raw, 2, Links())
    assert turned.rotation == (0, -1, 0, 1, 0, 0, 0, 0, 1)
    assert (turned.position, nothing) == ((0, 0, 1), None)


def test_the_24_rotations_are_turns():
    assert len(ROTATIONS) == 24
    for a, b, c, d, e, f, g, h, i in ROTATIONS.values():
        assert a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) == 1


def test_referents_accumulate():
    values = [1619, 1620, 1624, 1626, 1629, 1634, -1]
    assert referents(pack_referents(values)) == values


@given(st.lists(st.integers(-(1 << 31), (1 << 31) - 1)))
def test_signed_words(values):
    assert list(interleave.signed(interleave.pack_signed(values))) == values


@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1)))
def test_signed_long_words(values):
    assert list(interleave.signed(interleave.pack_signed(values, 8), 8)) == values


@given(st.lists(st.floats(width=32, allow_nan=False)))
def test_floats(values):
    assert list(map(repr, interleave.floats(interleave.pack_floats(values)))) == list(
        map(repr, values)
    )


def test_a_negative_zero_in_a_rotation_is_kept():
    turn = (1.0, -0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    raw = Frames()._put_rotation(turn)
    assert raw[0] == 0
