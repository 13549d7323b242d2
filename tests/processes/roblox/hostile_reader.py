"""Run in a process of its own: read damaged files under hard limits, and say how it went.

Arguments: how many damaged copies of each file, and the files. The kernel refuses memory over
256 MB beside what the process holds already with everything imported; a file that takes more
than twenty seconds ends the process. Prints one JSON line.
"""

from __future__ import annotations

import json
import random
import resource
import signal
import sys
from collections import Counter
from pathlib import Path

from apps.roblox.files import Document, FileRefused, read
from apps.roblox.scan import scan

MEMORY = 256 * 1_000_000
SECONDS = 20
# Larger trees are read column by column, as their users do.
EVERY_VALUE = 10_000


def held() -> int:
    """Bytes of private memory, as RLIMIT_DATA counts them."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmData"))


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A copy with bytes changed, cut out, doubled or exchanged for extreme numbers."""
    copy = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        at = chance.randrange(len(copy))
        match chance.randrange(5):
            case 0:
                copy[at] = chance.randrange(256)
            case 1:
                copy[at : at + 4] = chance.choice([b"\xff" * 4, b"\0" * 4, b"\0\0\0\x7f"])
            case 2:
                del copy[at : at + chance.randrange(1, 64)]
            case 3:
                copy[at:at] = copy[at : at + chance.randrange(1, 64)]
            case _:
                copy[at] ^= 1 << chance.randrange(8)
        copy = copy or bytearray(data)
    return bytes(copy)


def look_at_everything(document: Document) -> None:
    for instance in document.instances():
        for name in instance.properties:
            instance.properties[name]


def outcome(data: bytes, filename: str) -> str:
    signal.alarm(SECONDS)
    try:
        document = read(data, filename=filename)
        if document.instance_count < EVERY_VALUE:
            look_at_everything(document)
        list(document.asset_references())
        scan(document, seconds=5)
    except FileRefused as refusal:
        return refusal.code
    finally:
        signal.alarm(0)
    return "read"


def main(copies: int, paths: list[str]) -> None:
    limit = held() + MEMORY
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    counts: Counter[str] = Counter()
    for path in map(Path, paths):
        chance = random.Random(path.name)  # noqa: S311 - the same damage every time
        data = path.read_bytes()
        for _ in range(copies):
            counts[outcome(damaged(data, chance) if copies > 1 else data, path.name)] += 1
    sys.stdout.write(json.dumps(counts) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
