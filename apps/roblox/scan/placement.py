"""Rules about where scripts and code lie in the tree."""

from __future__ import annotations

import re

from apps.roblox.files.document import SCRIPT_SUFFIX, Instance
from apps.roblox.files.values import STRINGS

from .script import Report

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

CODE = re.compile(
    rb"\brequire\s*\(|\bloadstring\b|\b[gs]etfenv\b|LPH!|\bHttpService\b|game\s*:\s*GetService"
    rb"|[0-9A-Fa-f]{1200,}|[A-Za-z0-9+/]{1200,}"
)
DATA = ("AttributesSerialize", "Value")


def check(instance: Instance, report: Report) -> None:
    if instance.class_name.endswith(SCRIPT_SUFFIX):
        _check_script(instance, report)
    else:
        _check_data(instance, report)


def _check_script(instance: Instance, report: Report) -> None:
    parent = instance.parent
    if parent is not None and parent.class_name in UNLIKELY:
        report.add("hidden-script", f"A {instance.class_name} inside a {parent.class_name}")
    elif not instance.name.strip():
        report.add("hidden-script", f"A {instance.class_name} with a blank name")
    source = instance.properties.get("Source")
    if source is not None and source.type not in STRINGS:
        report.add("bytecode", f"Its source is of type {source.type}")
    _check_data(instance, report)


def _check_data(instance: Instance, report: Report) -> None:
    for name in DATA:
        found = instance.properties.get(name)
        if found is None or found.type not in STRINGS or not found.value:
            continue
        match = CODE.search(found.value)
        if match:
            what = match.group()[:40].decode("utf-8", "replace")
            report.add("data-payload", f"{name} holds \u201c{what}\u201d")
