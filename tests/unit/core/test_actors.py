from __future__ import annotations

from types import SimpleNamespace

import pytest

from apps.core.actors import LONGEST, label_of


class Nameless:
    email = None

    def __str__(self) -> str:
        return "pupil 7"


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (SimpleNamespace(email="ada@school.example"), "ada@school.example"),
        (Nameless(), "pupil 7"),
        ("command line", "command line"),
        (None, "system"),
        (SimpleNamespace(email="a" * 300), "a" * LONGEST),
    ],
)
def test_an_actor_is_called_by_what_people_know_them_by(by, expected):
    assert label_of(by) == expected


def test_nobody_is_called_as_the_caller_says():
    assert label_of(None, nobody="the operators") == "the operators"
