"""Stripe's test numbers stand for the schemes: https://docs.stripe.com/testing."""

from __future__ import annotations

import pytest

from apps.core import card_numbers

NUMBERS = [
    "4242424242424242", "4000056655665556", "5555555555554444", "2223003122003222",
    "378282246310005", "6011111111111117", "3566002020360505", "3056930009020004",
    "6200000000000005",
]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_every_scheme_is_found_however_it_is_grouped(number):
    grouped = " ".join(number[i : i + 4] for i in range(0, len(number), 4))
    for written in (number, grouped, grouped.replace(" ", "-")):
        assert list(card_numbers.find(f"take it from {written}, please")) == [written]
        assert card_numbers.mask(f"({written})") == f"([card …{number[-4:]}])"


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",  # a wrong check digit
        "1795771200000",  # milliseconds
        "PO-4242-2026-17",
        "DE89370400440532013000",
        "019ac1f2-4242-7242-8242-424242424242",
        "+49 30 901820 4242",
    ],
)
def test_other_numbers_are_left_alone(text):
    assert list(card_numbers.find(text)) == []
    assert card_numbers.mask(text) == text
