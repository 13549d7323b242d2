"""The colours made of a brand colour can be read."""

from __future__ import annotations

import colorsys
import re
from pathlib import Path

import pytest

from apps.tenants import branding

ROOT = Path(__file__).resolve().parents[3]
TOKENS = (ROOT / "frontend" / "src" / "tokens.css").read_text()
AROUND = [colorsys.hls_to_rgb(n / 16, (n % 5 + 1) / 6, 0.9) for n in range(16)]
COLOURS = [
    "#ffffff", "#000000", "#ffd400", "#777777", "#7f7f7f",
    *("#" + "".join(f"{round(part * 255):02x}" for part in parts) for parts in AROUND),
]  # fmt: skip


def token(name, theme):
    found = re.search(rf"--color-{name}: light-dark\((#\w+), (#\w+)\)", TOKENS)
    assert found, name
    return found[1 if theme == "light" else 2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_text_stands_on_is_what_pages_use(theme):
    names = ["canvas", "surface", "sunken", "raised", "hover", "code"]
    names += [f"{tone}-wash" for tone in ("success", "warning", "danger", "info")]
    assert {token(name, theme) for name in names} == set(branding.GROUNDS[theme])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("accent", COLOURS)
def test_everything_can_be_read(accent, theme):
    made = branding.palette(accent, theme)
    for ground in (*branding.GROUNDS[theme], made.wash):
        assert branding.contrast(made.text, ground) >= 4.5
    for fill in (made.fill, made.fill_hover):
        assert branding.contrast(made.on_fill, fill) >= 4.5
    for ink in ("ink", "ink-soft"):
        assert branding.contrast(token(ink, theme), made.wash) >= 4.5


def test_a_colour_that_passes_stays_as_it_is():
    assert branding.palette("#0a5c44", "light").text == "#0a5c44"


def test_the_verdict_says_what_is_used_instead():
    light, dark = branding.verdicts("#ffd400")
    assert (light.passes, dark.passes) == (False, True)
    assert light.contrast < 1.5
    assert branding.contrast(light.text, "#ffffff") >= 4.5


def test_yellow_buttons_have_dark_words():
    assert branding.palette("#ffd400", "light").on_fill == branding.INK


def test_black_against_white_is_21():
    assert round(branding.contrast("#000000", "#ffffff"), 6) == 21


def test_the_stylesheet_holds_for_one_class():
    sheet = branding.stylesheet("#0A7D5A")
    assert sheet.startswith(".brand-0a7d5a {")
    assert "--color-accent: light-dark(#" in sheet


@pytest.mark.parametrize(("accent", "changed"), [("#0a7d5a", False), ("#777777", True)])
def test_the_verdict_tells_of_buttons_that_differ(accent, changed):
    assert [bool(one.button) for one in branding.verdicts(accent)] == [changed, changed]
