"""The invoice as a person reads it: PDF/A-3a, tagged (PDF/UA-1), with its XML attached.

The same document gives the same bytes: dates are the document's, identifiers come from the content,
fonts from a wheel and from typst itself.
"""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import pikepdf
import typst

from apps.payments.documents.content import Document
from apps.payments.documents.sheet import draw_up

STANDARDS: Final[list[typst.PDFStandard]] = ["a-3a", "ua-1"]
FILE: Final = "factur-x.xml"
_HERE: Final = Path(__file__).parent
_DESIGN: Final = _HERE / "design.typ"
_MARK: Final = _HERE / "mark.svg"
_END: Final = "</rdf:Description></rdf:RDF>"
_SCHEMAS_END: Final = "</rdf:Bag></pdfaExtension:schemas>"


def write(document: Document, xml: bytes = b"") -> bytes:
    """A PDF that carries `xml` as factur-x.xml, or nothing where `xml` is empty."""
    issued = document.issued_on
    drawn = typst.compile(
        _DESIGN,
        root=_HERE,
        font_paths=_fonts(),
        format="pdf",
        pdf_standards=STANDARDS,
        timestamp=datetime(issued.year, issued.month, issued.day, tzinfo=UTC),
        sys_inputs={
            "sheet": json.dumps(draw_up(document)),
            "issued": issued.isoformat(),
            "mark": _MARK.read_text(),
            "xml": xml.decode(),
        },
    )
    return _declare(drawn) if xml else drawn


def attached(content: bytes) -> bytes:
    """The XML in a PDF of ours. Raises `KeyError` where there is none."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return bytes(pdf.attachments[FILE].get_file().read_bytes())


@cache
def _fonts() -> typst.Fonts:
    folder = files("font_roboto") / "files"
    return typst.Fonts(include_system_fonts=False, font_paths=[str(folder)])


def _declare(drawn: bytes) -> bytes:
    """Say in the metadata what is attached, as Factur-X 1.0 asks; typst has no words for that."""
    with pikepdf.open(io.BytesIO(drawn)) as pdf:
        metadata = pdf.Root.Metadata
        text = metadata.read_bytes().decode()
        if _END not in text or _SCHEMAS_END not in text:
            message = "typst writes its metadata in another way"
            raise ValueError(message)
        text = text.replace(_SCHEMAS_END, _SCHEMA + _SCHEMAS_END).replace(_END, _PROPERTIES + _END)
        metadata.write(text.encode())
        kept = io.BytesIO()
        pdf.save(kept, deterministic_id=True, compress_streams=True)
    return kept.getvalue()


_NAMESPACE: Final = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_VALUES: Final = {
    "DocumentType": ("INVOICE", "The type of the hybrid document"),
    "DocumentFileName": (FILE, "The name of the embedded XML document"),
    "Version": ("1.0", "The version of the standard that applies to the embedded XML document"),
    "ConformanceLevel": ("EN 16931", "The conformance level of the embedded XML document"),
}
_PROPERTIES: Final = "".join(
    f'<fx:{name} xmlns:fx="{_NAMESPACE}">{value}</fx:{name}>'
    for name, (value, _) in _VALUES.items()
)
_SCHEMA: Final = (
    '<rdf:li rdf:parseType="Resource">'
    "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
    f"<pdfaSchema:namespaceURI>{_NAMESPACE}</pdfaSchema:namespaceURI>"
    "<pdfaSchema:prefix>fx</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>"
    + "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{description}</pdfaProperty:description></rdf:li>"
        for name, (_, description) in _VALUES.items()
    )
    + "</rdf:Seq></pdfaSchema:property></rdf:li>"
)
