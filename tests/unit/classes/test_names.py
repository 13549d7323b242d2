"""Names as teachers paste them, and what others see of them."""

from __future__ import annotations

import pytest

from apps.classes.models import ALPHABET, display_name, new_code
from apps.classes.services.pupils import parse_names


@pytest.mark.parametrize(
    ("pasted", "names"),
    [
        ("Maya Lopez\nNoah Kim", ["Maya Lopez", "Noah Kim"]),
        ("1. Maya Lopez\r\n2) Noah Kim\n\n", ["Maya Lopez", "Noah Kim"]),
        ("• Maya\n- Noah\n* Zoë", ["Maya", "Noah", "Zoë"]),
        ("Lopez, Maya\nKim,Noah", ["Maya Lopez", "Noah Kim"]),
        ("  Maya   Lopez  ;", ["Maya Lopez"]),
        ("Maya\tLopez", ["Maya Lopez"]),
        ("Lopez,", ["Lopez"]),
        (" \n , \n", []),
    ],
)
def test_pasted_lists(pasted, names):
    assert parse_names(pasted) == names


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Maya Lopez", "Maya L."), ("Maya", "Maya"), ("Ana de la Cruz", "Ana C."),
        ("  Zoë   ångström ", "Zoë Å."),
    ],
)  # fmt: skip
def test_others_see_a_first_name_and_a_letter(name, shown):
    assert display_name(name) == shown


def test_codes_are_read_without_doubt():
    assert not set(ALPHABET) & set("0OQ1IL2Z5S8BAEUY") - {"Q"}
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == 6 and set(code) <= set(ALPHABET) for code in codes)
