from __future__ import annotations

import pytest

from .sources import found


@pytest.mark.parametrize(
    "source",
    [
        'return VM("LPH!7A3F")',
        "--[[ IronBrew: obfuscation ]]",
        "-- Synapse Xen v1",
        "-- Protected by MoonSec V2",
        "-- This file was obfuscated using Luraph",
    ],
)
def test_marks_of_obfuscators(source):
    assert ("obfuscator", 1) in found(source)


@pytest.mark.parametrize("source", ['x = "LPH!"', "-- a brew of iron", "LPHcount = 1"])
def test_no_marks(source):
    assert found(source) <= {("syntax-error", 1)}


def test_code_behind_blanks():
    assert found("local a = 1" + " " * 200 + "local b = 2") == {("hidden-whitespace", 1)}
    assert found("local a = 1\n" + "\n" * 250 + "local b = 2") == {("hidden-whitespace", 252)}


def test_ordinary_blanks():
    assert found("local a = 1" + " " * 300 + "\n\t\t\tlocal b = 2\n\n\nlocal c = 3") == set()


def test_a_long_line():
    assert found("local t = {" + "1," * 1200 + "}") == {("long-line", 1)}
    assert found("local t = {" + "1,\n" * 1200 + "}") == set()


def test_a_very_long_script():
    assert found("local a = 1\n" * 17_000) == {("long-script", 1)}


def test_letters_written_as_numbers():
    hidden = "".join(f"\\{ord(letter)}" for letter in "print this quite long sentence")
    assert found(f'x = "{hidden}"') == {("escaped-text", 1)}
    assert found('x = "\\27[1m tab\\9 caf\\xc3\\xa9 \\n\\n\\n"') == set()
