from __future__ import annotations

import pytest
from hypothesis import given, settings

from apps.roblox.files import Document, Instance, Property, Unwritable, ValueType, read, write
from apps.roblox.files.values import Opaque

from .material import EXTENSIONS, SAMPLES, own_files
from .trees import described, documents

ROUND_TRIPS = settings(max_examples=60, deadline=None)


@ROUND_TRIPS
@given(document=documents())
@pytest.mark.parametrize("compression", ["lz4", "zstd", "none"])
def test_binary_keeps_the_tree(document, compression):
    again = read(write(document, compression=compression), filename="a.rbxm")
    assert described(again) == described(document, one_kind_of_string=True)


@ROUND_TRIPS
@given(document=documents())
def test_xml_keeps_the_tree(document):
    again = read(write(document, form="xml"), filename="a.rbxmx")
    assert described(again) == described(document)


@pytest.mark.parametrize("name", SAMPLES)
def test_files_survive_being_written(name):
    document = read(SAMPLES[name], filename=name)
    again = read(write(document), filename=name)
    assert described(again) == described(document)


def test_binary_to_xml_and_back():
    document = read(own_files()["demo.rbxl"], filename="demo.rbxl")
    through = read(write(document, form="xml"), filename="demo.rbxlx")
    assert described(read(write(through, form="binary"), filename="a.rbxl")) == described(document)


def test_missing_values_become_defaults_in_binary():
    first = Instance("Part", "One", {"Health": Property(ValueType.FLOAT32, 5.0)})
    document = Document("model", "binary", [first, Instance("Part", "Two")])
    _, second = read(write(document), filename="a.rbxm").roots
    assert second.properties["Health"].value == 0.0


def test_one_property_with_two_types_cannot_be_a_column():
    first = Instance("Part", "One", {"Size": Property(ValueType.FLOAT32, 5.0)})
    second = Instance("Part", "Two", {"Size": Property(ValueType.INT32, 5)})
    with pytest.raises(Unwritable, match=r"Part\.Size"):
        write(Document("model", "binary", [first, second]))


@pytest.mark.parametrize("value", [1 << 31, -(1 << 31) - 1])
def test_a_number_that_does_not_fit_is_not_cut(value):
    part = Instance("Part", "One", {"Count": Property(ValueType.INT32, value)})
    with pytest.raises(Unwritable, match=r"Part\.Count"):
        write(Document("model", "binary", [part]))


def test_unknown_binary_values_are_not_written():
    part = Instance("Part", "One", {"New": Property(ValueType.OPAQUE, Opaque("0x7f", b"?"))})
    for form in ("xml", "binary"):
        with pytest.raises(Unwritable, match="New"):
            write(Document("model", "binary", [part]), form=form)


def test_text_that_xml_cannot_hold_becomes_base64():
    part = Instance("Part", "One", {"Blob": Property(ValueType.STRING, b"\x00\xff")})
    document = read(
        write(Document("model", "xml", [part])), filename=f"a{EXTENSIONS['model', 'xml']}"
    )
    assert document.roots[0].properties["Blob"] == (ValueType.BINARY_STRING, b"\x00\xff")
