"""Each kind of bad file is refused with its code and with where the trouble is."""

from __future__ import annotations

import struct

import pytest
import zstandard

from apps.roblox.files import (
    Cyclic,
    DecompressionBomb,
    FileRefused,
    Limits,
    Malformed,
    Mislabelled,
    NotRoblox,
    TooDeep,
    TooLarge,
    Truncated,
    read,
)
from apps.roblox.files.binary.chunks import FRAME, HEADER
from apps.roblox.files.demo import build_demo_place

from .material import END, binary, column, folders, frame, item, members, own_files, parents, xml

PLACE = build_demo_place("1.0.0")


def refused(data: bytes, filename: str = "a.rbxm", limits: Limits | None = None) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        read(data, filename=filename, limits=limits or Limits())
    return caught.value


@pytest.mark.parametrize("size", [0, 5, 31, 33, 60, 500, len(PLACE) - 1])
def test_a_binary_file_cut_anywhere_is_truncated(size):
    found = refused(PLACE[:size], "a.rbxl")
    assert found.code in ("truncated", "not_roblox")
    assert "byte" in found.detail


def test_a_cut_xml_file_is_truncated_with_its_line():
    found = refused(own_files()["model.rbxmx"][:-20], "a.rbxmx")
    assert (type(found), "line" in found.where) == (Truncated, True)


def test_no_end_chunk():
    assert type(refused(folders((0, -1))[: -len(END)])) is Truncated


@pytest.mark.parametrize(
    ("filename", "right"),
    [("a.rbxlx", "a.rbxl"), ("a.rbxm", "a.rbxl"), ("a.rbxmx", "a.rbxm"), ("a.zip", ".rbxl")],
)
def test_a_place_under_another_name_is_told_its_right_one(filename, right):
    found = refused(PLACE, filename)
    assert type(found) is Mislabelled
    assert right in found.detail


def test_a_model_named_as_a_place():
    found = refused(folders((0, -1)), "lesson.rbxl")
    assert "lesson.rbxm" in found.detail


def test_xml_named_as_binary():
    assert "a.rbxmx" in refused(own_files()["model.rbxmx"], "a.rbxm").detail


@pytest.mark.parametrize("data", [b"PK\x03\x04....", b"\x89PNG\r\n", b"hello", b"<html></html>"])
def test_other_files(data):
    assert type(refused(data)) is NotRoblox


def test_xml_of_another_kind_that_mentions_roblox():
    data = b"<?xml version='1.0'?><page><roblox/></page>"
    assert type(refused(data, "a.rbxmx")) is NotRoblox


def test_a_file_mangled_as_text():
    mangled = PLACE.replace(b"\r\n", b"\n", 1)
    assert "text mode" in refused(mangled, "a.rbxl").detail


def test_a_file_over_the_limit():
    assert type(refused(PLACE, "a.rbxl", Limits(file=100))) is TooLarge


def test_too_many_instances():
    found = refused(folders((0, -1), (1, 0), (2, 0)), limits=Limits(instances=2))
    assert (type(found), "INST chunk" in found.where) == (TooLarge, True)


def test_too_much_memory():
    assert type(refused(PLACE, "a.rbxl", Limits(memory=1000))) is TooLarge


def test_a_circle_of_parents_is_named():
    found = refused(folders((0, -1), (1, 2), (2, 1)))
    assert (type(found), "Folder under Folder" in found.where) == (Cyclic, True)


def test_an_instance_under_itself():
    assert type(refused(folders((0, 0)))) is Cyclic


def test_a_deep_chain():
    chain = [(number, number - 1) for number in range(300)]
    found = refused(folders(*chain))
    assert (type(found), found.where.startswith("Folder.Folder")) == (TooDeep, True)


def test_a_deep_xml_chain():
    nested = ""
    for _ in range(300):
        nested = item("", nested)
    assert type(refused(xml(nested), "a.rbxmx")) is TooDeep


def test_zstd_that_unpacks_to_more_than_it_says():
    packed = zstandard.ZstdCompressor().compress(bytes(1 << 24))
    data = binary(FRAME.pack(b"META", len(packed), 64) + packed)
    assert type(refused(data)) is DecompressionBomb


def test_lz4_that_promises_the_impossible():
    data = binary(FRAME.pack(b"META", 16, 1 << 24) + bytes(16))
    assert type(refused(data)) is DecompressionBomb


def test_many_chunks_that_are_too_much_together():
    chunk = frame(b"META", bytes(100_000), pack=True)
    found = refused(binary(*[chunk] * 11), limits=Limits(unpacked=1_000_000))
    assert (type(found), "number 10" in found.where) == (DecompressionBomb, True)


def test_a_chunk_announced_larger_than_any_may_be():
    data = binary(FRAME.pack(b"META", 8, 0xFFFFFFFF) + bytes(8))
    assert type(refused(data)) is DecompressionBomb


ONE = members(0, b"Folder", [0])
ROOT = parents([(0, -1)])
DAMAGED = {
    "another version": HEADER.pack(PLACE[:14], 7, 0, 0) + END,
    "broken lz4": binary(FRAME.pack(b"META", 4, 64) + b"\xff\xff\xff\xff"),
    "parents missing": binary(ONE),
    "parents for too few": binary(ONE, parents([])),
    "two parents": binary(members(0, b"Folder", [0, 1]), parents([(0, -1), (0, -1)]), instances=2),
    "unknown parent": binary(ONE, parents([(0, 9)])),
    "same number twice": binary(members(0, b"F", [3, 3]), parents([(3, -1), (4, -1)]), instances=2),
    "class twice": binary(ONE, ONE, ROOT, classes=2, instances=2),
    "header disagrees": binary(ONE, ROOT, classes=2),
    "property of no class": binary(ONE, column(7, b"A", 2, b"\0"), ROOT),
    "property twice": binary(ONE, *[column(0, b"A", 2, b"\0")] * 2, ROOT),
    "too few values": binary(ONE, column(0, b"A", 3, b"\0\0"), ROOT),
    "too many values": binary(ONE, column(0, b"A", 2, b"\0\0"), ROOT),
    "string too long": binary(ONE, column(0, b"A", 1, struct.pack("<I", 99)), ROOT),
    "unknown rotation": binary(ONE, column(0, b"A", 0x10, b"\x04" + bytes(12)), ROOT),
    "bad physics flag": binary(ONE, column(0, b"A", 0x19, b"\x07"), ROOT),
    "bad closing": (binary(ONE, ROOT)[:-3] + b"???"),
    "long class name": binary(members(0, b"F" * 300, [0]), ROOT),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_binary_files_say_where(name):
    found = refused(DAMAGED[name])
    assert type(found) is Malformed
    assert found.where


DAMAGED_XML = {
    "not well-formed": "<Item class='F'></Iten>",
    "no class": "<Item referent='A'></Item>",
    "referent twice": "<Item class='F' referent='A'/><Item class='F' referent='A'/>",
    "property twice": item("<int name='A'>1</int><int name='A'>2</int>"),
    "nameless property": item("<int>1</int>"),
    "shared string": "<SharedStrings><SharedString md5='a'>!</SharedString></SharedStrings>",
}


@pytest.mark.parametrize("name", DAMAGED_XML)
def test_damaged_xml_says_line_and_column(name):
    found = refused(xml(DAMAGED_XML[name]), "a.rbxmx")
    assert type(found) is Malformed
    assert found.where.startswith("line 1, column")


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE roblox [<!ENTITY a "aaaa">]>',
        '<?xml version="1.0"?><!DOCTYPE roblox SYSTEM "file:///etc/passwd">',
    ],
)
def test_document_types_and_entities_are_refused(head):
    found = refused(head.encode() + xml("<Item class='F'/>"), "a.rbxmx")
    assert (type(found), "not allowed" in found.detail) == (Malformed, True)


def test_deep_elements_in_a_property():
    assert type(refused(xml(item("<a name='A'>" + "<b>" * 40)), "a.rbxmx")) is TooDeep


def test_refusals_are_problems_with_a_place():
    problem = refused(folders((0, 0))).as_problem()
    assert problem["code"] == "cyclic"
    assert problem["where"] == "Folder under Folder"
