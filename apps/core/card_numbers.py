"""Numbers of payment cards in text: found so that none is kept.

What looks like one has the length and first digits of a scheme (ISO/IEC 7812-1) and its check
digit (Luhn); spaces and dashes between digits do not hide it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_DIGITS: Final = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])")
_SCHEMES: Final = re.compile(
    r"4(\d{12}|\d{15}|\d{18})"  # Visa
    r"|(5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|(6011|65\d{2}|64[4-9]\d)\d{12}"  # Discover
    r"|35(2[89]|[3-8]\d)\d{12}"  # JCB
    r"|3(0[0-5]|[689]\d)\d{11,16}"  # Diners Club
    r"|(50|5[6-9]|6[0-9])\d{10,17}"  # Maestro, UnionPay
)
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # the digit sum of twice the digit
SHOWN: Final = 4


def find(text: str) -> Iterator[str]:
    """Each card number in the text, as it is written there."""
    for match in _DIGITS.finditer(text):
        digits = _digits(match[0])
        if _SCHEMES.fullmatch(digits) and _is_checked(digits):
            yield match[0]


def mask(text: str) -> str:
    """The text with nothing left of each card number but its last four digits."""
    for found in find(text):
        text = text.replace(found, f"[card …{_digits(found)[-SHOWN:]}]")
    return text


def _digits(written: str) -> str:
    return re.sub(r"[ -]", "", written)


def _is_checked(digits: str) -> bool:
    numbers = [int(one) for one in reversed(digits)]
    return (sum(numbers[::2]) + sum(_DOUBLED[one] for one in numbers[1::2])) % 10 == 0
