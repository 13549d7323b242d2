from __future__ import annotations

import pytest

from apps.roblox.files import Document, Instance, Property, ValueType, read, write
from apps.roblox.files.values import Opaque
from apps.roblox.scan import scan

SOURCE = {"Source": Property(ValueType.PROTECTED_STRING, b"print(1)\n")}


def rules(root: Instance) -> set[tuple[str, str]]:
    document = Document("model", "binary", [root])
    ours = {(finding.rule, finding.path) for finding in scan(document)}
    again = read(write(document), filename="a.rbxm")
    assert ours == {(finding.rule, finding.path) for finding in scan(again)}
    return ours


@pytest.mark.parametrize("parent", ["Weld", "Sound", "SpecialMesh", "StringValue"])
def test_scripts_in_unlikely_places(parent):
    tree = Instance("Part", "P").add(Instance(parent, "W").add(Instance("Script", "S", SOURCE)))
    assert rules(tree) == {("hidden-script", "P.W.S")}


@pytest.mark.parametrize("parent", ["Folder", "Model", "Part", "Tool", "ScreenGui", "Script"])
def test_scripts_in_ordinary_places(parent):
    assert rules(Instance(parent, "P").add(Instance("Script", "S", SOURCE))) == set()


def test_a_blank_name():
    assert rules(Instance("Script", "  ", SOURCE)) == {("hidden-script", "  ")}


@pytest.mark.parametrize("value", [b"x require(1234567)", b"loadstring", b"QUFB" * 400])
@pytest.mark.parametrize("name", ["AttributesSerialize", "Value"])
def test_code_kept_as_data(name, value):
    tree = Instance("Folder", "F", {name: Property(ValueType.STRING, value)})
    assert rules(tree) == {("data-payload", "F")}


@pytest.mark.parametrize("value", [b"", b"required reading", b"QUFB" * 20, b"load the string"])
def test_ordinary_data(value):
    tree = Instance("StringValue", "V", {"Value": Property(ValueType.STRING, value)})
    assert rules(tree) == set()


def test_a_source_that_is_no_text():
    source = Property(ValueType.OPAQUE, Opaque("0x7f", b"..."))
    document = Document("model", "binary", [Instance("Script", "S", {"Source": source})])
    assert [finding.rule for finding in scan(document)] == ["bytecode"]
