from __future__ import annotations

from apps.core.ids import uuid7


def test_ids_are_version_seven_and_sort_by_time():
    ids = [uuid7() for _ in range(100)]
    assert {i.version for i in ids} == {7}
    assert {i.variant for i in ids} == {"specified in RFC 4122"}
    milliseconds = [i.int >> 80 for i in ids]
    assert milliseconds == sorted(milliseconds)
    assert len(set(ids)) == len(ids)
