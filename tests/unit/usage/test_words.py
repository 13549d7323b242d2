from __future__ import annotations

import pytest

from apps.usage.words import amount


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (0, "count", "0"), (12_000, "count", "12,000"), (0, "bytes", "0 bytes"),
        (1023, "bytes", "1,023 bytes"), (1024, "bytes", "1 KB"), (1536, "bytes", "1.5 KB"),
        (2 * 1024**3, "bytes", "2 GB"), (5000 * 1024**4, "bytes", "5,000 TB"),
    ],
)  # fmt: skip
def test_numbers_as_people_read_them(number, unit, text):
    assert amount(number, unit) == text
