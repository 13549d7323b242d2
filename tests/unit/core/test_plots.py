from __future__ import annotations

from apps.core import plots


def test_heights_are_parts_of_the_highest_possible():
    drawn = plots.bars([10, 5, 0, None, 0.01], top=10, whens="abcde", values="vwxyz")
    assert [bar.height for bar in drawn] == [200, 100, 0, 0, plots.LEAST]
    assert [bar.y for bar in drawn] == [0, 100, 200, 200, 198]
    assert (drawn[1].when, drawn[1].value) == ("b", "w")


def test_nothing_at_all_is_drawn_as_nothing():
    assert plots.bars([0, None], top=0, whens="ab", values="ab")[0].height == 0


def test_less_than_nothing_goes_down_from_the_line():
    drawn = plots.bars([30, -10, 0, -0.01], top=30, bottom=-10, whens="abcd", values="wxyz")
    assert plots.zero(30, -10) == 150
    assert [(bar.y, bar.height) for bar in drawn] == [(0, 150), (150, 50), (150, 0), (150, 2)]


def test_there_is_room_below_the_line_for_however_little():
    assert plots.zero(1_000_000, -1) == plots.HEIGHT - plots.LEAST
    assert plots.zero(0, -5) == 0
    assert plots.zero(1, -1_000_000) == plots.LEAST
