from __future__ import annotations

import pytest

from apps.roblox.files import ValueType, read
from apps.roblox.files.values import Opaque

from .material import SAMPLES, binary, column, item, members, own_files, parents, xml


@pytest.mark.parametrize("name", SAMPLES)
def test_files_are_read_to_the_last_value(name):
    document = read(SAMPLES[name], filename=name)
    values = [prop for i in document.instances() for prop in i.properties.values()]
    opaque = [prop for prop in values if prop.type is ValueType.OPAQUE]
    assert values
    assert len(opaque) == ("unknown-type" in name)


PAIRS = [("demo.rbxl", "demo.rbxlx")] + [
    (name, name.replace("binary.rbxl", "xml.rbxlx"))
    for name in SAMPLES
    if name.endswith("__binary.rbxl")
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_both_formats_of_one_place_hold_the_same(first, second):
    binaries, texts = (
        {i.path: i for i in read(SAMPLES[name], filename=name).instances()}
        for name in (first, second)
    )
    for path in binaries.keys() & texts.keys():
        ours, theirs = binaries[path].properties, texts[path].properties
        assert set(ours) == set(theirs)
        for name in ours:
            left, right = ours[name].value, theirs[name].value
            assert getattr(left, "path", left) == getattr(right, "path", right), (path, name)


def test_scripts_come_with_source_and_path():
    document = read(own_files()["demo.rbxl"], filename="demo.rbxl")
    found = {script.path: script.source for script in document.scripts()}
    assert "RemoteEvent" in found["StarterGui.QuizGui.QuizClient"]
    assert len(found) == 4


@pytest.mark.parametrize("name", ["raw.rbxm", "zstd.rbxm", "model.rbxmx"])
def test_every_form_gives_the_same_model(name):
    document = read(own_files()[name], filename=name)
    crate = document.roots[0]
    assert [i.path for i in document.instances()] == ["Crate", "Crate.Box", "Crate.Box.Greeter"]
    assert crate.properties["PrimaryPart"].value is crate.children[0]
    assert crate.children[0].properties["Mesh"].value == b"mesh" * 8


def test_a_type_from_the_future_is_kept_opaque():
    data = binary(members(0, b"F", [0]), column(0, b"New", 0x7E, b"??"), parents([(0, -1)]))
    root = read(data, filename="a.rbxm").roots[0]
    assert root.properties["New"] == (ValueType.OPAQUE, Opaque("0x7e", b"??"))


def test_unknown_chunks_are_passed_over():
    signature = b"SIGN" + bytes(12)
    data = binary(members(0, b"F", [0]), signature, parents([(0, -1)]))
    assert read(data, filename="a.rbxm").instance_count == 1


def test_a_value_that_is_not_what_its_element_says_is_opaque():
    root = read(xml(item("<int name='A'>many</int>")), filename="a.rbxmx").roots[0]
    assert root.properties["A"].value == Opaque("int", b"many")


def test_source_is_text_whatever_its_element_is_called():
    data = xml(item("<int name='Source'>require(1)</int>", class_name="Script"))
    assert [s.source for s in read(data, filename="a.rbxmx").scripts()] == ["require(1)"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("INF", float("inf")),
        ("-1.#INF", float("-inf")),
        ("1e3", 1000.0),
        ("0.1", 0.10000000149011612),
    ],
)
def test_floats_as_studio_writes_them(written, value):
    root = read(xml(item(f"<float name='A'>{written}</float>")), filename="a.rbxmx").roots[0]
    assert root.properties["A"].value == value


def test_a_byte_order_mark_and_a_declaration_are_fine():
    data = b"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>\n" + xml(item(""))
    assert read(data, filename="A.RBXMX").instance_count == 1
