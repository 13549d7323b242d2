from __future__ import annotations

from datetime import date

from apps.payments.mrr import charts

MONTHS = [date(2026, month, 1) for month in (9, 10, 11)]


def test_a_month_of_negative_revenue_is_drawn_and_said_as_such():
    plot = charts.line("Revenue", MONTHS, [300, -100, 0], str, headline="200 in all")
    assert [(bar.y, bar.height) for bar in plot.bars] == [(0, 150), (150, 50), (150, 0)]
    assert (plot.zero, plot.top, plot.bottom) == (150, "300", "-100")
    assert plot.summary == (
        "Revenue by month, Sep 2026 to Nov 2026: 200 in all; the lowest is -100."
    )


def test_without_one_the_line_is_at_the_bottom():
    plot = charts.line("Revenue", MONTHS, [0, 0, 0], str, headline="nothing")
    assert (plot.zero, plot.bottom, plot.summary[-9:]) == (200, "", " nothing.")
