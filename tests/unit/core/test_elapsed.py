from datetime import UTC, datetime, timedelta

import pytest

from apps.core.templatetags.elapsed import elapsed

START = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 ms"),
        (0.34, "340 ms"),
        (4.21, "4.2 s"),
        (59.96, "1 min 0 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
    ],
)
def test_elapsed_in_words(seconds, words):
    assert elapsed(START, START + timedelta(seconds=seconds)) == words
