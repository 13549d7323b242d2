from __future__ import annotations

import pytest

from apps.roblox.files import read
from apps.roblox.files.demo import build_demo_place
from apps.roblox.scan import scan


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_the_demo_is_a_clean_place(version):
    document = read(build_demo_place(version), filename="demo.rbxl")
    assert document.kind == "place"
    assert scan(document) == []
    assert document.find("ReplicatedStorage.Quiz.Version").text("Value") == version


def test_the_same_version_is_the_same_file():
    assert build_demo_place("1.0.0") == build_demo_place("1.0.0")


def test_the_versions_differ_for_players():
    old, new = (read(build_demo_place(v), filename="d.rbxl") for v in ("1.0.0", "1.1.0"))
    board = "Workspace.Stage.Board"
    assert old.find(board).properties["Color3uint8"] != new.find(board).properties["Color3uint8"]
    assert new.find("Workspace.Stage.Lamp1.Glow") is not None
    assert new.instance_count > old.instance_count


def test_the_camera_is_the_workspaces():
    document = read(build_demo_place("1.0.0"), filename="demo.rbxl")
    workspace = document.find("Workspace")
    assert workspace.properties["CurrentCamera"].value is document.find("Workspace.Camera")
