"""Luau's own results, for what hides constants."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.roblox.scan.folding import Folder
from apps.roblox.scan.literals import number, to_number, unescape
from apps.roblox.scan.syntax import parse
from apps.roblox.scan.values import UNKNOWN, Symbol


def folded(expression: str, before: str = "") -> object:
    """The value of the last assignment's expression."""
    syntax = parse(f"{before} local result = {expression}".encode(), time.monotonic() + 5)
    folder = Folder(syntax)
    return folder.fold(folder.bindings.only(b"result"))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7.0),
        ("2 ^ 10 // 3", 341.0),
        ("-7 % 3", 2.0),
        ("'a' .. 1 .. 2.5", b"a12.5"),
        ("[[\nx]]", b"x"),
        ("[==[a]]b]==]", b"a]]b"),
        ("('abc'):sub(2)", b"bc"),
        ("('abc'):sub(-2, -2)", b"b"),
        ("('abc'):byte(3)", 99.0),
        ("string.rep('ab', 3, '-')", b"ab-ab-ab"),
        ("('a.b'):upper()", b"A.B"),
        ("string.gsub('abab', 'b', 'c')", b"acac"),
        ("tostring(12)", b"12"),
        ("tonumber('0x10')", 16.0),
        ("tonumber('zz', 36)", 1295.0),
        ("#'four'", 4.0),
        ("({x = {y = 5}}).x.y", 5.0),
        ("({10, 20, 30})[2]", 20.0),
        ("game:GetService('Http' .. 'Service')", Symbol("service:HttpService")),
        ("getfenv()['load' .. 'string']", Symbol("loadstring")),
    ],
)
def test_constants(expression, value):
    assert folded(expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        "f()",
        "1 / 0",
        "'a' + 1",
        "nil",
        "x and 1",
        "('a'):rep(1e9)",
        "string.char(999)",
        "#t",
        "...",
    ],
)
def test_what_stays_unknown(expression):
    assert folded(expression) is UNKNOWN


def test_a_name_bound_twice_is_not_constant():
    assert folded("a", "local a = 1 a = 2") is UNKNOWN
    assert folded("a", "local a = 1 a += 2") is UNKNOWN


def test_a_parameter_is_not_constant():
    assert folded("a", "local a = 1 local function f(a) end") is UNKNOWN


@given(st.binary(max_size=40))
def test_decimal_escapes_stand_for_their_bytes(raw):
    assert unescape(b"".join(b"\\%03d" % byte for byte in raw)) == raw


@given(st.binary(max_size=60))
def test_any_escape_is_survived(raw):
    assert isinstance(unescape(raw), bytes)


@given(st.binary(max_size=20), st.integers(0, 40))
def test_any_number_is_survived(raw, base):
    assert isinstance(number(raw), float | None)
    assert isinstance(to_number(raw, base), float | None)
