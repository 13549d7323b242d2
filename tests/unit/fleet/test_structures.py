"""Two structures side by side, in sentences."""

from __future__ import annotations

import pytest

from apps.fleet.services.structures import compare

BLOB = {"kind": "r", "columns": {"id": "bigint not null"}, "indexes": {"blob_pk": "CREATE …"}}


def differences(**changes):
    return compare(expected={"blob": BLOB}, found={"blob": {**BLOB, **changes}})


def test_the_same_is_no_difference():
    assert differences() == {}


def test_tables_come_and_go():
    assert compare(expected={"a": BLOB}, found={"b": BLOB}) == {
        "a": ["is missing"], "b": ["is not known to the code"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"columns": {}}, "column id is missing (bigint not null)"),
        ({"columns": {"id": "text"}}, "column id is text, expected bigint not null"),
        ({"indexes": {**BLOB["indexes"], "x": "y"}}, "index x is not known to the code (y)"),
        ({"policies": {"p": "r"}}, "policy p is not known to the code (r)"),
        ({"kind": "v"}, "kind is v, expected r"),
        ({"comment": "mine"}, "comment is mine, expected nothing"),
    ],
)
def test_each_part_is_told(changes, line):
    assert differences(**changes) == {"blob": [line]}
