"""From one brand colour to the colours of a page, light and dark, that everybody can read.

WCAG 2.2 asks for a contrast of 4.5 between text and what it stands on (1.4.3). Where the colour
itself does not reach it, a lighter or darker one of the same hue takes its place.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

Theme = Literal["light", "dark"]
NEEDED: Final = 4.5
SEEN: Final = 1.25  # a button of less contrast with its page has no edge
STEP: Final = 0.01
INK: Final = "#14181f"
WHITE: Final = "#ffffff"
# What text stands on, as in frontend/src/tokens.css: the page, then the washes of alerts.
GROUNDS: Final[dict[Theme, tuple[str, ...]]] = {
    "light": (
        "#f7f8fa", "#ffffff", "#f1f3f6", "#f0f2f6", "#f4f5f8",
        "#e8f6ee", "#fdf4e0", "#fdeeec", "#e7f3fb",
    ),
    "dark": (
        "#0e1014", "#15181e", "#0a0c0f", "#1b1f27", "#1f242d", "#0b0d11",
        "#0f271b", "#2a200c", "#33171a", "#0c2432",
    ),
}  # fmt: skip
SURFACE: Final[dict[Theme, str]] = {"light": "#ffffff", "dark": "#15181e"}
WASH: Final[dict[Theme, float]] = {"light": 0.07, "dark": 0.2}
LINE: Final[dict[Theme, float]] = {"light": 0.3, "dark": 0.45}


@dataclass(frozen=True)
class Palette:
    """The colours of one theme, all as #rrggbb."""

    text: str
    fill: str
    fill_hover: str
    on_fill: str
    wash: str
    line: str


@dataclass(frozen=True)
class Verdict:
    """How the colour does as text in one theme: its lowest contrast, what is used instead, and
    what buttons take when they cannot have it either ("" when they can).
    """

    theme: Theme
    contrast: float
    text: str
    button: str

    @property
    def passes(self) -> bool:
        return self.contrast >= NEEDED


def verdicts(accent: str) -> list[Verdict]:
    """For light and for dark."""
    made = {theme: palette(accent, theme) for theme in GROUNDS}
    return [
        Verdict(
            theme,
            _lowest(accent, (*GROUNDS[theme], one.wash)),
            one.text,
            "" if one.fill == accent else one.fill,
        )
        for theme, one in made.items()
    ]


@lru_cache(maxsize=512)
def palette(accent: str, theme: Theme) -> Palette:
    wash = _mixed(accent, SURFACE[theme], WASH[theme])
    darker = theme == "light"
    text = _legible(accent, (*GROUNDS[theme], wash), darker=darker)
    seen = contrast(accent, SURFACE[theme]) >= SEEN
    base = accent if seen else text
    on_fill = ink_on(base)
    # White on a colour gains from a darker one, ink from a lighter one.
    fill = _legible(base, (on_fill,), darker=on_fill == WHITE)
    hover = _moved(fill, -0.06 if on_fill == WHITE else 0.06)
    return Palette(text, fill, hover, on_fill, wash, _mixed(accent, SURFACE[theme], LINE[theme]))


def ink_on(accent: str) -> str:
    """White or ink: what is easier to read on the colour."""
    return max(WHITE, INK, key=lambda ink: contrast(accent, ink))


def css_class(accent: str) -> str:
    return f"brand-{accent[1:].lower()}"


@lru_cache(maxsize=512)
def stylesheet(accent: str) -> str:
    """Inside an element of `css_class(accent)`, the tokens of the product in this colour."""
    light, dark = palette(accent, "light"), palette(accent, "dark")
    tokens = {
        "accent": "text",
        "accent-fill": "fill",
        "accent-fill-hover": "fill_hover",
        "on-accent": "on_fill",
        "accent-wash": "wash",
        "accent-line": "line",
    }
    lines = [
        f"  --color-{name}: light-dark({getattr(light, part)}, {getattr(dark, part)});"
        for name, part in tokens.items()
    ]
    return "\n".join([f".{css_class(accent)} {{", *lines, "}", ""])


def contrast(one: str, other: str) -> float:
    """WCAG's ratio, 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _lowest(colour: str, grounds: tuple[str, ...]) -> float:
    return min(contrast(colour, ground) for ground in grounds)


def _legible(colour: str, grounds: tuple[str, ...], *, darker: bool) -> str:
    while _lowest(colour, grounds) < NEEDED and colour not in {"#000000", WHITE}:
        colour = _moved(colour, -STEP if darker else STEP)
    if _lowest(colour, grounds) < NEEDED:  # it started at the wrong end
        return INK if darker else WHITE
    return colour


def _moved(colour: str, by: float) -> str:
    hue, lightness, saturation = colorsys.rgb_to_hls(*_parts(colour))
    return _hex(colorsys.hls_to_rgb(hue, min(max(lightness + by, 0.0), 1.0), saturation))


def _mixed(colour: str, ground: str, share: float) -> str:
    pairs = zip(_parts(colour), _parts(ground), strict=True)
    return _hex(tuple(a * share + b * (1 - share) for a, b in pairs))


def _luminance(colour: str) -> float:
    """WCAG's relative luminance of sRGB."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _parts(colour)]  # noqa: PLR2004
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(parts: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)
