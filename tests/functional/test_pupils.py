"""A pupil without an e-mail, with and without scripts, from the board to the lesson."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.functional import audits
from tests.functional.browsing import PHONE, WIDE

TABLET = {"width": 1024, "height": 768}
PICTURES = ("fish", "rocket", "sun")


@pytest.fixture
def board(visit, product, demo):
    """A teacher's class of one pupil: its page, left open, and its code."""
    teacher = visit()
    page = teacher.sign_in(demo, "teacher@lincoln.example", product.secrets["DEMO_PASSWORD"])

    def make(name):
        page.goto(f"{demo}/classes/")
        page.get_by_role("button", name="New class").click()
        page.get_by_label("Name of the class").fill(name)
        page.get_by_role("button", name="Make the class").click()
        page.get_by_label("Names").fill("Pia Larsen")
        page.get_by_role("button", name="Add them").click()
        return page, page.locator(".board-code").inner_text().strip()

    return make


@pytest.mark.parametrize("scripts", [True, False])
def test_code_name_and_pictures(visit, demo, board, scripts):
    teacher, code = board(f"Pictures {'with' if scripts else 'without'} scripts")
    pupil = visit(java_script_enabled=scripts)
    page = pupil.open(f"{demo}/join/")
    page.set_viewport_size(TABLET)
    for _ in ("choose", "come back"):
        page.goto(f"{demo}/join/")
        page.get_by_label("Class code").fill(code.lower())
        page.get_by_role("button", name="Go to my class").click()
        page.get_by_role("link", name="Pia L.").click()
        for picture in PICTURES:
            page.get_by_role("button", name=picture).click()
        keep = page.get_by_role("button", name="I know them now")
        if keep.count():
            keep.click()
        expect(page.get_by_text("Welcome, Pia")).to_be_visible()
        page.goto(f"{demo}/accounts/logout/")
        page.get_by_role("button", name="Sign out").last.click()
    teacher.reload()
    expect(teacher.get_by_text("Pictures or badge")).to_be_visible()
    teacher.get_by_role("button", name="Archive", exact=True).click()


def test_pages_are_sound(visit, demo, board):
    teacher, code = board("Sound pages")
    pupil = visit()
    page = pupil.open(f"{demo}/join/")
    steps = [
        lambda: page.get_by_label("Class code").fill(code),
        lambda: page.get_by_role("button", name="Go to my class").click(),
        lambda: page.get_by_role("link", name="Pia L.").click(),
        lambda: [page.get_by_role("button", name=name).click() for name in PICTURES],
    ]
    for step in steps:
        step()
        for size in (PHONE, TABLET, WIDE):
            page.set_viewport_size(size)
            assert audits.overflow(page) == 0
            assert audits.faults(page) == []
    teacher.get_by_role("link", name="Badges to print").click()
    expect(teacher.get_by_role("img", name="QR code")).to_have_count(1)
    assert audits.faults(teacher) == []
    teacher.go_back()
    teacher.get_by_role("button", name="Archive", exact=True).click()
