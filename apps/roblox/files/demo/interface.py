"""What players see of the quiz: the panel on the screen and the sign on the stage."""

from __future__ import annotations

from apps.roblox.files.document import Instance
from apps.roblox.files.values import Property

from . import properties as p
from .properties import Rgb

DARK: Rgb = (24, 26, 38)
LIGHT: Rgb = (245, 246, 250)
ACCENT: Rgb = (99, 95, 199)
REGULAR, BOLD = 400, 700
# Enum.NormalId
BACK = 2
ANSWERS = 4


def build_interface(client: str) -> Instance:
    """The ScreenGui, with the client's script inside."""
    panel = Instance("Frame", "Panel", _panel())
    panel.add(Instance("UICorner", "UICorner", {"CornerRadius": p.radius(12)}))
    panel.add(Instance("TextLabel", "Question", _text("Waiting for the quiz", 24, 16, BOLD)))
    for number in range(ANSWERS):
        panel.add(_button(number))
    panel.add(Instance("TextLabel", "Status", _text("", 16, 276, REGULAR)))
    found = {"ResetOnSpawn": p.flag(False), "Enabled": p.flag(True)}
    script = {"Source": p.source(client), "Disabled": p.flag(False), "RunContext": p.enum(0)}
    gui = Instance("ScreenGui", "QuizGui", found)
    return gui.add(panel, Instance("LocalScript", "QuizClient", script))


def build_sign(text: str) -> Instance:
    """A SurfaceGui that fills the side facing the players."""
    found = _shape(LIGHT, 1.0) | _writing(text, 96, BOLD)
    found["Size"] = p.extent((1.0, 0), (1.0, 0))
    surface = {"Face": p.enum(BACK), "CanvasSize": p.flat(1600.0, 720.0), "Enabled": p.flag(True)}
    return Instance("SurfaceGui", "Sign", surface).add(Instance("TextLabel", "Title", found))


def _panel() -> dict[str, Property]:
    return _shape(DARK, 0.1) | {
        "AnchorPoint": p.flat(0.5, 1.0),
        "Position": p.extent((0.5, 0), (1.0, -24)),
        "Size": p.extent((0.0, 480), (0.0, 320)),
        "Visible": p.flag(True),
    }


def _button(number: int) -> Instance:
    found = _shape(ACCENT, 0.0) | _writing(f"Answer {number + 1}", 18, REGULAR)
    found |= {
        "AutoButtonColor": p.flag(True),
        "Position": p.extent((0.05, 0), (0.0, 76 + 50 * number)),
        "Size": p.extent((0.9, 0), (0.0, 42)),
        "Visible": p.flag(False),
    }
    corner = Instance("UICorner", "UICorner", {"CornerRadius": p.radius(8)})
    return Instance("TextButton", f"Answer{number + 1}", found).add(corner)


def _text(text: str, size: int, top: int, weight: int) -> dict[str, Property]:
    return (
        _shape(DARK, 1.0)
        | _writing(text, size, weight)
        | {
            "Position": p.extent((0.05, 0), (0.0, top)),
            "Size": p.extent((0.9, 0), (0.0, 44)),
        }
    )


def _shape(color: Rgb, transparency: float) -> dict[str, Property]:
    return {
        "BackgroundColor3": p.color(color),
        "BackgroundTransparency": p.single(transparency),
        "BorderSizePixel": p.integer(0),
    }


def _writing(text: str, size: int, weight: int) -> dict[str, Property]:
    return {
        "FontFace": p.font(weight),
        "Text": p.string(text),
        "TextColor3": p.color(LIGHT),
        "TextSize": p.single(float(size)),
        "TextWrapped": p.flag(True),
    }
