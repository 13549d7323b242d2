"""DNS records that somebody has published here."""

from __future__ import annotations

from typing import Any

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from sandbox.database import now
from sandbox.world import World

KINDS = ("TXT", "CNAME", "A", "AAAA", "MX")
LONGEST_STRING = 255  # octets (RFC 1035, 3.3)


def publish(world: World, name: str, kind: str, value: str) -> dict[str, Any]:
    """Add a record. Raises `ValueError` with a sentence for one that no name server would take."""
    name, kind, value = _name(name), kind.strip().upper(), value.strip()
    if kind not in KINDS:
        raise ValueError(f"The type must be one of {', '.join(KINDS)}.")
    if not value:
        raise ValueError("A record needs a value.")
    as_data(kind, value)
    others = {row["kind"] for row in world.database.rows(
        "SELECT kind FROM dns_records WHERE name = ? AND NOT (kind = ? AND value = ?)",
        name, kind, value)}  # fmt: skip
    if others and (kind == "CNAME" or "CNAME" in others):
        raise ValueError(f"Beside a CNAME nothing else may stand at {name} (RFC 1034, 3.6.2).")
    sql = "INSERT OR IGNORE INTO dns_records (name, kind, value, created_at) VALUES (?, ?, ?, ?)"
    world.database.run(sql, name, kind, value, now())
    where = "name = ? AND kind = ? AND value = ?"
    sql = f"SELECT * FROM dns_records WHERE {where}"  # noqa: S608 -- the line above
    return world.database.row(sql, name, kind, value) or {}


def withdraw(world: World, record_id: int | None = None) -> None:
    """One record, or all of them."""
    if record_id is None:
        world.database.run("DELETE FROM dns_records")
    else:
        world.database.run("DELETE FROM dns_records WHERE id = ?", record_id)


def every(world: World) -> list[dict[str, Any]]:
    return world.database.rows("SELECT * FROM dns_records ORDER BY name, kind, id")


def find(world: World, name: str, kind: str) -> list[str]:
    sql = "SELECT value FROM dns_records WHERE name = ? AND kind = ? ORDER BY id"
    return [row["value"] for row in world.database.rows(sql, name.lower().rstrip("."), kind)]


def exists(world: World, name: str) -> bool:
    """Whether there is a record at the name or below it (RFC 8020)."""
    sql = "SELECT 1 FROM dns_records WHERE name = ? OR name LIKE ? ESCAPE '!'"
    low = name.lower().rstrip(".")
    below = "%." + low.replace("!", "!!").replace("_", "!_").replace("%", "!%")
    return bool(world.database.value(sql, low, below))


def as_data(kind: str, value: str) -> dns.rdata.Rdata:
    """As it goes over the wire. Raises `ValueError`."""
    text = in_strings(value) if kind == "TXT" else value
    if kind in {"CNAME", "MX"} and not text.endswith("."):
        text += "."
    try:
        return dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(kind), text)
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(f"{value} is no value of a {kind} record: {error}.") from error


def in_strings(text: str) -> str:
    """A long text as several strings."""
    raw = text.encode()
    parts = [raw[start : start + LONGEST_STRING] for start in range(0, len(raw), LONGEST_STRING)]
    return " ".join(f'"{_escaped(part)}"' for part in parts)


def _escaped(part: bytes) -> str:
    """RFC 1035, 5.1."""
    special = b'"\\'
    return "".join(
        chr(b) if 32 <= b < 127 and b not in special else f"\\{b:03d}"  # noqa: PLR2004
        for b in part
    )


def _name(text: str) -> str:
    name = text.strip().lower().rstrip(".")
    try:
        labels = dns.name.from_text(name).labels
    except dns.exception.DNSException as error:
        raise ValueError(f"{text} is no name: {error}.") from error
    if len(labels) < 3:  # noqa: PLR2004 -- the last is the root
        raise ValueError("A name has at least two parts, such as school.example.")
    return name
