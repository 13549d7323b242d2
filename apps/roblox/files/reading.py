"""Read a Roblox place or model, whatever the bytes are.

The format is told by content. The file's extension must agree with it: Roblox Studio and
Open Cloud go by the extension, so a wrong one is refused here rather than there.
"""

from __future__ import annotations

from pathlib import PurePath

from .binary.reading import read_binary
from .document import Document, Format, Kind
from .limits import DEFAULT, Limits
from .refusals import Malformed, Mislabelled, NotRoblox, TooLarge, Truncated
from .xml.reading import read_xml

EXTENSIONS: dict[str, tuple[Kind, Format]] = {
    ".rbxl": ("place", "binary"),
    ".rbxlx": ("place", "xml"),
    ".rbxm": ("model", "binary"),
    ".rbxmx": ("model", "xml"),
}
FORMAT_NAMES: dict[Format, str] = {"binary": "the binary format", "xml": "XML"}
# Signatures of what people drop by mistake.
KNOWN_OTHERS = {
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip file",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"%PDF": "a PDF",
    b"glTF": "a glTF model",
    b"OggS": "an Ogg sound",
    b"ID3": "an MP3 sound",
    b"version ": "a mesh",
}


def read(data: bytes, *, filename: str, limits: Limits = DEFAULT) -> Document:
    """The document in `data`; raises a `FileRefused` that says what is wrong and where.

    `filename` counts by its extension only. The document keeps a reference to `data`.
    """
    if len(data) > limits.file:
        raise TooLarge(
            f"The file has {len(data) / 1e6:.1f} MB, "
            f"Roblox takes at most {limits.file / 1e6:.0f} MB"
        )
    if not data:
        raise Truncated("The file is empty", where="byte 0")
    found = sniff(data)
    kind = _expected_kind(filename, found)
    document = (
        read_binary(data, kind, limits) if found == "binary" else read_xml(data, kind, limits)
    )
    _compare_kind(document, filename)
    return document


def sniff(data: bytes) -> Format:
    """The format by the first bytes, or `NotRoblox`, or `Malformed` for a damaged signature."""
    start = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if data.startswith(b"<roblox!"):
        return "binary"
    if start.startswith(b"<roblox") or (start.startswith(b"<?xml") and b"<roblox" in start):
        return "xml"
    if start.startswith(b"<!DOCTYPE") and b"<roblox" in start:
        raise Malformed("Document type definitions are not allowed", where="line 1")
    for signature, name in KNOWN_OTHERS.items():
        if data.startswith(signature):
            raise NotRoblox(f"This is {name}, not a Roblox place or model", where="byte 0")
    raise NotRoblox(
        "The file starts neither like Roblox's binary format nor like its XML", where="byte 0"
    )


def _expected_kind(filename: str, found: Format) -> Kind:
    path = PurePath(filename)
    expected = EXTENSIONS.get(path.suffix.lower())
    if expected is None:
        raise Mislabelled(
            f"\u201c{path.name}\u201d has none of the extensions {', '.join(EXTENSIONS)}"
        )
    kind, form = expected
    if form != found:
        right = _extension(kind, found)
        raise Mislabelled(
            f"\u201c{path.name}\u201d is named like {FORMAT_NAMES[form]} but holds "
            f"{FORMAT_NAMES[found]}: rename it to \u201c{path.stem}{right}\u201d"
        )
    return kind


def _extension(kind: Kind, form: Format) -> str:
    return next(name for name, value in EXTENSIONS.items() if value == (kind, form))


def _compare_kind(document: Document, filename: str) -> None:
    """A place has a Workspace at its root, a model never."""
    if not document.roots:
        return
    holds_place = any(root.class_name == "Workspace" for root in document.roots)
    really: Kind = "place" if holds_place else "model"
    if really == document.kind:
        return
    path = PurePath(filename)
    right = path.stem + _extension(really, document.format)
    raise Mislabelled(
        f"\u201c{path.name}\u201d is named like a {document.kind} but "
        + ("holds a Workspace" if holds_place else "has no Workspace")
        + f", so it is a {really}: rename it to \u201c{right}\u201d"
    )
