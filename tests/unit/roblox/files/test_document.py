from __future__ import annotations

import pytest

from apps.roblox.files import Document, Instance, Property, ValueType, read, write
from apps.roblox.files.values import Content


def model(*roots: Instance) -> Document:
    return Document("model", "binary", list(roots))


def test_instances_come_in_file_order_parents_first():
    tree = model(Instance("A").add(Instance("B").add(Instance("C")), Instance("D")), Instance("E"))
    assert [i.class_name for i in tree.instances()] == list("ABCDE")
    assert tree.class_counts()["C"] == 1


def test_find_by_path():
    tree = model(Instance("Model", "Car").add(Instance("Part", "Wheel")))
    assert tree.find("Car.Wheel").class_name == "Part"
    assert tree.find("Car.Door") is None


@pytest.mark.parametrize("name", ["a\nb", "a\0b", "a\u202eb", "x" * 5000])
def test_paths_can_be_shown_and_stored(name):
    path = Instance("Folder", name).path
    assert path.isprintable()
    assert len(path) <= 100


def test_a_deep_path_is_shortened_in_the_middle():
    node = Instance("Folder", "n0")
    for number in range(1, 100):
        child = Instance("Folder", f"n{number}")
        node.add(child)
        node = child
    names = node.path.split(".")
    assert (names[0], names[-1], len(names)) == ("n0", "n99", 41)


REFERENCES = {
    "rbxassetid://1818": 1818,
    "RBXASSETID://1818": 1818,
    "http://www.roblox.com/asset/?id=1818": 1818,
    "https://assetgame.roblox.com/asset?version=2&id=1818": 1818,
    "rbxthumb://type=Asset&id=1818&w=150&h=150": 1818,
}


@pytest.mark.parametrize("form", ["binary", "xml"])
@pytest.mark.parametrize("uri", REFERENCES)
def test_asset_references_with_path_and_property(uri, form):
    decal = Instance("Decal", "Face", {"Texture": Property(ValueType.CONTENT_ID, uri.encode())})
    data = write(model(Instance("Part", "Head").add(decal)), form=form)
    document = read(data, filename="a.rbxm" if form == "binary" else "a.rbxmx")
    found = [(r.asset_id, r.path, r.property_name) for r in document.asset_references()]
    assert found == [(REFERENCES[uri], "Head.Face", "Texture")]


@pytest.mark.parametrize(
    "text", ["rbxasset://textures/face.png", "https://example.com/asset/?id=5", "rbxassetid://0"]
)
def test_what_is_no_asset_reference(text):
    decal = Instance("Decal", "Face", {"Texture": Property(ValueType.CONTENT_ID, text.encode())})
    assert list(model(decal).asset_references()) == []


def test_assets_in_contents_and_in_sources():
    face = {"Texture": Property(ValueType.CONTENT, Content(uri=b"rbxassetid://7"))}
    source = {"Source": Property(ValueType.PROTECTED_STRING, b'x = "rbxassetid://8"')}
    tree = model(Instance("Decal", "D", face), Instance("Script", "S", source))
    read_again = read(write(tree), filename="a.rbxm")
    assert {(r.asset_id, r.path) for r in read_again.asset_references()} == {(7, "D"), (8, "S")}


def test_a_shared_string_is_searched_once():
    shared = {"Data": Property(ValueType.SHARED_STRING, b"rbxassetid://9")}
    tree = model(*(Instance("Part", f"P{n}", shared) for n in range(3)))
    document = read(write(tree), filename="a.rbxm")
    assert [r.path for r in document.asset_references()] == ["P0"]
