"""Rules about where scripts and code lie in the tree."""

from __future__ import annotations

import re
from collections.abc import Iterator

from apps.roblox.files.document import Document, Instance
from apps.roblox.files.search import Wanted
from apps.roblox.files.values import STRINGS

from .script import Report, shown

UNLIKELY = frozenset(
    {
        "Weld",
        "WeldConstraint",
        "ManualWeld",
        "Motor6D",
        "Snap",
        "Rope",
        "RopeConstraint",
        "Sound",
        "SoundGroup",
        "Decal",
        "Texture",
        "SpecialMesh",
        "BlockMesh",
        "CylinderMesh",
        "FileMesh",
        "ParticleEmitter",
        "Fire",
        "Smoke",
        "Sparkles",
        "PointLight",
        "SpotLight",
        "SurfaceLight",
        "Sky",
        "Atmosphere",
        "Animation",
        "Keyframe",
        "Shirt",
        "Pants",
        "ShirtGraphic",
        "BodyColors",
        "CharacterMesh",
        "SelectionBox",
        "StringValue",
        "IntValue",
        "NumberValue",
        "BoolValue",
        "ObjectValue",
        "Color3Value",
        "Vector3Value",
        "CFrameValue",
        "SurfaceAppearance",
        "BodyVelocity",
        "BodyPosition",
        "BodyGyro",
    }
)

CODE = Wanted(
    re.compile(
        rb"\brequire\s*\(|\bloadstring\b|\b[gs]etfenv\b|LPH!|\bHttpService\b|game\s*:\s*GetService"
        rb"|(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{1200,}+"
    ),
    names=frozenset({"AttributesSerialize", "Value"}),
)


def check(instance: Instance, report: Report) -> None:
    """Where a script is, and whether its source is text."""
    parent = instance.parent
    if parent is not None and parent.class_name in UNLIKELY:
        report.add("hidden-script", f"A {instance.class_name} inside a {parent.class_name}")
    elif not instance.name.strip():
        report.add("hidden-script", f"A {instance.class_name} with a blank name")
    source = instance.properties.get("Source")
    if source is not None and source.type not in STRINGS:
        report.add("bytecode", f"Its source is of type {source.type}")


def payloads(document: Document) -> Iterator[tuple[Instance, str]]:
    """Instances that keep code as data, with the sentence that says which."""
    for instance, name, match in document.search(CODE):
        what = shown(match.group()[:40])
        yield instance, f"{name} holds \u201c{what}\u201d"
