"""Hostile and ambiguous JSON."""

from __future__ import annotations

import io
import json

import pytest
from rest_framework.exceptions import ParseError

from apps.rest import strict_json
from apps.rest.errors import BodyTooLarge
from apps.rest.input_errors import InputRefused, pointer
from apps.rest.strict_json import StrictJSONParser


def parse(body):
    return StrictJSONParser().parse(io.BytesIO(body if isinstance(body, bytes) else body.encode()))


def wrong(body):
    with pytest.raises(InputRefused) as caught:
        parse(body)
    return {error.place: error.code for error in caught.value.found}


@pytest.mark.parametrize("value", [{}, [], 7, "ä", None, {"a": [1, {"b": 1.5}]}, {"": {"a/b": 1}}])
def test_json_is_read(value):
    assert parse(json.dumps(value)) == value


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "{'a': 1}", "nul", "[1,]", '{"a": NaN}', "[Infinity]", "[-Infinity]", "[1e999]",
        b"\xff\xfe", "[" + "9" * 5000 + "]", '{"a": 1} x', "[1] [2]",
    ],
)  # fmt: skip
def test_what_is_no_json_says_where(body):
    with pytest.raises(ParseError, match=r"JSON|number"):
        parse(body)


def test_a_mark_of_byte_order_is_none_of_the_content():
    assert parse(b"\xef\xbb\xbf{}") == {}


def test_a_name_twice_means_nothing():
    assert wrong('{"a": {"b": 1, "b": 2}, "c": 1, "c": 1}') == {
        "#/a/b": "duplicate_member",
        "#/c": "duplicate_member",
    }


@pytest.mark.parametrize("levels", [21, 500, 100_000])
@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")])
def test_depth_has_an_end(levels, start, end):
    inner = "1" if start != "[" else ""
    found = wrong(start * levels + inner + end * levels)
    assert set(found.values()) == {"too_deep"}


def test_twenty_levels_are_taken():
    assert parse("[" * 20 + "]" * 20) is not None


def test_members_have_an_end():
    assert wrong(json.dumps([[0] * 5000, [0] * 5001])) == {"#": "too_many_members"}
    assert wrong(json.dumps({str(n): n for n in range(10_001)})) == {"#": "too_many_members"}


def test_bytes_have_an_end():
    with pytest.raises(BodyTooLarge):
        parse('"' + "x" * strict_json.LARGEST + '"')


@pytest.mark.parametrize("text", ["a\\u0000b", "\\ud800", "x\\udfff"])
def test_text_that_no_database_keeps(text):
    assert wrong(f'{{"a": ["{text}"]}}') == {"#/a/0": "unstorable_characters"}
    assert set(wrong(f'{{"{text}": 1}}').values()) == {"unstorable_characters"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), "#"),
        (("terms", 0, "starts"), "#/terms/0/starts"),
        (("a/b", "c~d", "e f", "ü"), "#/a~1b/c~0d/e%20f/%C3%BC"),
    ],
)
def test_pointers_are_uri_fragments(path, expected):
    assert pointer(path) == expected
