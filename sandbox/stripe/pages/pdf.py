"""A plain PDF of lines of text in Courier: enough for a link to lead to one."""

from __future__ import annotations

PER_PAGE, LEADING, TOP, LEFT, SIZE = 56, 13, 790, 50, 9
CATALOG, PAGES, FONT = 1, 2, 3


def of_lines(lines: list[str]) -> bytes:
    """ISO 32000-1, the least of it: a catalogue, pages, their text, one of the standard fonts."""
    sheets = [lines[start : start + PER_PAGE] for start in range(0, len(lines) or 1, PER_PAGE)]
    numbers = [FONT + 1 + 2 * place for place in range(len(sheets))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = [
        f"<< /Type /Catalog /Pages {PAGES} 0 R >>".encode(),
        f"<< /Type /Pages /Kids [{kids}] /Count {len(sheets)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
    ]
    for number, sheet in zip(numbers, sheets, strict=True):
        content = _content(sheet)
        objects.append(
            f"<< /Type /Page /Parent {PAGES} 0 R /MediaBox [0 0 595 842] /Contents {number + 1} 0 "
            f"R /Resources << /Font << /F1 {FONT} 0 R >> >> >>".encode()
        )
        head = f"<< /Length {len(content)} >>\nstream\n".encode()
        objects.append(head + content + b"\nendstream")
    return _file(objects)


def _content(lines: list[str]) -> bytes:
    shown = b"".join(b"(" + _escaped(line) + b") Tj T*\n" for line in lines)
    start = f"BT /F1 {SIZE} Tf {LEADING} TL {LEFT} {TOP} Td\n".encode()
    return start + shown + b"ET"


def _escaped(line: str) -> bytes:
    text = line.replace("\N{MINUS SIGN}", "-").encode("cp1252", "replace")
    return text.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _file(objects: list[bytes]) -> bytes:
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    trailer = f"trailer\n<< /Size {size} /Root {CATALOG} 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + f"xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}".encode()
