"""Write a document in either format."""

from __future__ import annotations

from .binary.writing import Compression, write_binary
from .document import Document, Format
from .xml.writing import write_xml


def write(
    document: Document, *, form: Format | None = None, compression: Compression = "lz4"
) -> bytes:
    """The document's bytes, in its own format unless `form` names the other.

    The binary format has one kind of string and a value of every property for every instance
    of a class: kinds of strings are lost there, and missing values become defaults.
    """
    if (form or document.format) == "xml":
        return write_xml(document)
    return write_binary(document, compression)
