"""How fast places are read and scanned, beside what only unpacks or only parses.

    python -m benchmarks.parsing [parts]

Prints MB/s of file bytes (best of five), and the ratio to the baseline of the same run:
unpacking the same chunks for the binary format, expat without callbacks for XML, tree-sitter
alone for the scan.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from xml.parsers import expat

from tree_sitter import Parser

from apps.roblox.files import Document, Instance, read, write
from apps.roblox.files.binary.chunks import unpack, walk
from apps.roblox.files.demo import build_demo_place
from apps.roblox.files.demo.place import read_script
from apps.roblox.files.values import Color3uint8, Property, ValueType, Vector3
from apps.roblox.scan import scan_source
from apps.roblox.scan.syntax import LUAU

REPEATS = 5


def city(parts: int) -> Document:
    """A place with so many different parts, a script for every hundred."""
    document = read(build_demo_place("1.1.0"), filename="demo.rbxl")
    model = Instance("Model", "City")
    sample = document.find("Workspace.Baseplate")
    shape = dict(sample.properties) if sample else {}
    for number in range(parts):
        own = {
            "size": Property(ValueType.VECTOR3, Vector3(number % 97, number % 31, 4.0)),
            "Color3uint8": Property(ValueType.COLOR3_UINT8, Color3uint8(number % 256, 7, 9)),
        }
        model.add(Instance("Part", f"Part {number}", shape | own))
    for number in range(parts // 100):
        source = f"-- {number}\n{read_script('QuizServer')}".encode()
        held = {"Source": Property(ValueType.PROTECTED_STRING, source)}
        model.add(Instance("Script", f"Script {number}", held))
    document.roots[0].add(model)
    return document


def fastest(work: Callable[[], object]) -> float:
    """Seconds of the best of five."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def report(name: str, size: int, ours: float, baseline: float, beside: str) -> None:
    print(
        f"{name:34} {size / ours / 1e6:8.1f} MB/s   {beside}: {size / baseline / 1e6:8.1f} MB/s"
        f"   {ours / baseline:5.1f} times as long"
    )


def touch(data: bytes, filename: str) -> None:
    """Read and look at every value."""
    for instance in read(data, filename=filename).instances():
        for name in instance.properties:
            instance.properties[name]


def unpack_all(data: bytes) -> None:
    for chunk in walk(data):
        unpack(chunk)


def expat_alone(data: bytes) -> None:
    expat.ParserCreate().Parse(data, True)


def measure_binary(document: Document) -> None:
    plain = write(document, form="binary", compression="none")
    for compression in ("none", "lz4", "zstd"):
        data = write(document, form="binary", compression=compression)
        base = fastest(partial(unpack_all, data))
        seconds = fastest(partial(read, data, filename="a.rbxl"))
        name = f"binary, {compression}, {len(data) / 1e6:.1f} MB"
        report(name, len(data), seconds, base, "unpacking")
        report("  counted unpacked", len(plain), seconds, base, "unpacking")
    every = fastest(lambda: touch(plain, "a.rbxl"))
    report(
        "binary, every value", len(plain), every, fastest(lambda: unpack_all(plain)), "unpacking"
    )


def measure_xml(document: Document) -> None:
    data = write(document, form="xml")
    base = fastest(lambda: expat_alone(data))
    seconds = fastest(lambda: read(data, filename="a.rbxlx"))
    report(f"XML, {len(data) / 1e6:.1f} MB", len(data), seconds, base, "expat")


def measure_scan() -> None:
    source = "do\n" + read_script("QuizServer") + "\nend\n"
    text = source * (200_000 // len(source))
    data = text.encode()
    parser = Parser(LUAU)
    base = fastest(lambda: parser.parse(data))
    report(
        "scan, 0.2 MB script", len(data), fastest(lambda: scan_source(text)), base, "tree-sitter"
    )


def main(parts: int) -> None:
    document = city(parts)
    print(f"{document.instance_count} instances")
    measure_binary(document)
    measure_xml(document)
    measure_scan()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
