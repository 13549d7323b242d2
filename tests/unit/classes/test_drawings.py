from __future__ import annotations

import re
from pathlib import Path

from apps.classes import badges, pictures
from apps.core.qr_codes import MARGIN

SPRITE = Path(__file__).resolve().parents[3] / "static" / "pictures.svg"


def test_every_picture_is_drawn():
    drawn = re.findall(r'<symbol id="([a-z]+)"', SPRITE.read_text())
    assert sorted(drawn) == sorted(pictures.PICTURES)
    assert len(set(drawn)) == 16


def test_a_badge_is_drawn_dark_on_white_with_its_margin():
    svg = str(badges.drawing("https://alpha.example/join/badge/abc/"))
    size = int(re.search(r'viewBox="0 0 (\d+) ', svg)[1])
    places = [(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1", svg)]
    assert 'fill="#fff"' in svg
    assert min(min(place) for place in places) == MARGIN
    assert max(max(place) for place in places) == size - MARGIN - 1
    assert "style=" not in svg
