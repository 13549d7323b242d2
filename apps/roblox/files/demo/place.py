"""The demo place: a stage, four answer pads, and a quiz that keeps score."""

from __future__ import annotations

from pathlib import Path

from apps.roblox.files.document import Document, Instance
from apps.roblox.files.values import Property
from apps.roblox.files.writing import write

from . import properties as p
from .interface import build_interface, build_sign
from .properties import Rgb, Triple

SCRIPTS = Path(__file__).parent / "scripts"
# Enum.Material
SMOOTH_PLASTIC, NEON, GRASS, WOOD = 272, 288, 1280, 512
FIRST_LOOK: Rgb = (99, 95, 199)
SECOND_LOOK: Rgb = (17, 138, 126)
PADS: tuple[tuple[str, Rgb], ...] = (
    ("A", (231, 76, 60)),
    ("B", (52, 152, 219)),
    ("C", (241, 196, 15)),
    ("D", (46, 204, 113)),
)
RICHER_FROM = (1, 1)


def build_demo_place(version: str) -> bytes:
    """An .rbxl file. From 1.1.0 on it has more questions, streaks and another stage.

    The same version always gives the same bytes.
    """
    return write(_document(version), form="binary")


def _document(version: str) -> Document:
    newer = tuple(int(part) for part in version.split(".")[:2]) >= RICHER_FROM
    workspace = _workspace(version, newer=newer)
    roots = [
        workspace,
        _service("Players"),
        _lighting(newer=newer),
        _storage(version, newer=newer),
        _server_scripts(newer=newer),
        _service("ServerStorage"),
        _service("StarterGui").add(build_interface(read_script("QuizClient"))),
        _starter_player(),
        _service("SoundService"),
        _service("Teams"),
    ]
    return Document("place", "binary", roots)


def read_script(name: str) -> str:
    return (SCRIPTS / f"{name}.luau").read_text(encoding="utf-8")


def _service(class_name: str) -> Instance:
    return Instance(class_name, class_name)


def _script(class_name: str, name: str, file: str) -> Instance:
    found = {"Source": p.source(read_script(file))}
    if class_name != "ModuleScript":
        found |= {"Disabled": p.flag(False), "RunContext": p.enum(0)}
    return Instance(class_name, name, found)


def _part(name: str, size: Triple, position: Triple, color: Rgb, material: int) -> Instance:
    return Instance("Part", name, _solid(size, position, color, material) | {"shape": p.enum(1)})


def _solid(size: Triple, position: Triple, color: Rgb, material: int) -> dict[str, Property]:
    return {
        "Anchored": p.flag(True),
        "BottomSurface": p.enum(0),
        "CFrame": p.frame(position),
        "CanCollide": p.flag(True),
        "CastShadow": p.flag(True),
        "Color3uint8": p.color_bytes(color),
        "Locked": p.flag(False),
        "Material": p.enum(material),
        "Reflectance": p.single(0.0),
        "TopSurface": p.enum(0),
        "Transparency": p.single(0.0),
        "size": p.vector(size),
    }


def _workspace(version: str, *, newer: bool) -> Instance:
    camera = Instance(
        "Camera",
        "Camera",
        {"CFrame": p.frame((0.0, 24.0, 48.0)), "FieldOfView": p.single(70.0)},
    )
    found = {
        "CurrentCamera": p.reference(camera),
        "FilteringEnabled": p.flag(True),
        "Gravity": p.single(196.2),
        "StreamingEnabled": p.flag(True),
    }
    ground = _part("Baseplate", (512.0, 16.0, 512.0), (0.0, -8.0, 0.0), (91, 154, 76), GRASS)
    workspace = Instance("Workspace", "Workspace", found)
    return workspace.add(camera, ground, _spawn(), _stage(version, newer=newer), _pads())


def _spawn() -> Instance:
    found = _solid((12.0, 1.0, 12.0), (0.0, 0.5, 40.0), (163, 162, 165), SMOOTH_PLASTIC)
    found |= {"Duration": p.integer(3), "Neutral": p.flag(True), "Enabled": p.flag(True)}
    return Instance("SpawnLocation", "SpawnLocation", found)


def _stage(version: str, *, newer: bool) -> Instance:
    look = SECOND_LOOK if newer else FIRST_LOOK
    board = _part("Board", (40.0, 18.0, 1.0), (0.0, 13.0, -24.0), look, SMOOTH_PLASTIC)
    board.add(build_sign(f"Lesson Quiz {version}"))
    floor = _part("Floor", (64.0, 4.0, 24.0), (0.0, 2.0, -20.0), (124, 92, 70), WOOD)
    stage = Instance("Model", "Stage").add(floor, board)
    if newer:
        stage.add(*(_lamp(number) for number in range(5)))
    return stage


def _lamp(number: int) -> Instance:
    position = (-20.0 + 10.0 * number, 24.0, -23.0)
    lamp = _part(f"Lamp{number + 1}", (2.0, 2.0, 2.0), position, (255, 214, 102), NEON)
    glow = {"Brightness": p.single(2.0), "Range": p.single(16.0), "Color": p.color((255, 214, 102))}
    return lamp.add(Instance("PointLight", "Glow", glow))


def _pads() -> Instance:
    pads = Instance("Folder", "AnswerPads")
    for number, (name, color) in enumerate(PADS):
        position = (-24.0 + 16.0 * number, 0.25, 8.0)
        pads.add(_part(f"Pad{name}", (12.0, 0.5, 12.0), position, color, NEON))
    return pads


def _lighting(*, newer: bool) -> Instance:
    found = {
        "Ambient": p.color((70, 70, 78)),
        "Brightness": p.single(3.0),
        "GlobalShadows": p.flag(True),
        "OutdoorAmbient": p.color((110, 110, 120)),
        "TimeOfDay": p.string("17:30:00" if newer else "14:00:00"),
    }
    return Instance("Lighting", "Lighting", found)


def _storage(version: str, *, newer: bool) -> Instance:
    quiz = Instance("Folder", "Quiz").add(
        _script("ModuleScript", "Questions", "QuestionsMore" if newer else "Questions"),
        *(Instance("RemoteEvent", name) for name in ("Ask", "Answer", "Result")),
        Instance("StringValue", "Version", {"Value": p.string(version)}),
    )
    return _service("ReplicatedStorage").add(quiz)


def _server_scripts(*, newer: bool) -> Instance:
    return _service("ServerScriptService").add(
        _script("Script", "QuizServer", "QuizServer"),
        _script("ModuleScript", "Scores", "ScoresStreak" if newer else "Scores"),
    )


def _starter_player() -> Instance:
    return _service("StarterPlayer").add(
        Instance("StarterPlayerScripts", "StarterPlayerScripts"),
        Instance("StarterCharacterScripts", "StarterCharacterScripts"),
    )
