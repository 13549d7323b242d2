"""Public's tables in a new database, made of what Django's executor was heard to send for them.

The executor makes every model anew for each of its migrations, for ten seconds of a processor;
PostgreSQL needs one for the statements. They lie beside the code (`sql/public.sql`), migration by
migration, each with a hash of the source it was recorded from. Migrations that came later are
Django's to apply, and all of them are where a recorded one has changed or is gone. `fleet lint`
refuses a recording that is not the code's, `tests/fleet` proves that it makes the same tables.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.db import transaction

from apps.fleet.services import fingerprints
from apps.fleet.services.fingerprints import Key

PATH: Final = Path(__file__).resolve().parents[1] / "sql" / "public.sql"
HEADING = re.compile(r"^-- (?P<app>\w+)\.(?P<name>\w+) (?P<source>[0-9a-f]{16})$", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """One migration: its statements, the last of which notes it as applied."""

    key: Key
    source: str
    statements: str


def read() -> list[Section]:
    """The recording, in the order it is to be sent; empty where there is none."""
    text = PATH.read_text() if PATH.exists() else ""
    found = list(HEADING.finditer(text))
    ends = [*(heading.start() for heading in found), len(text)][1:]
    return [
        Section((h["app"], h["name"]), h["source"], text[h.end() : end].strip())
        for h, end in zip(found, ends, strict=True)
    ]


def lay(connection: Any) -> None:
    """Make the tables in a database that has none, each migration in a transaction of its own as
    Django does it: after a run that was cut short, its executor goes on.

    Does nothing where the recording is not of this code's migrations.
    """
    sections = read()
    if any(_changed(sections)):
        return
    for section in sections:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(section.statements)


def differences() -> list[str]:
    """A sentence for each migration that is recorded otherwise than the code has it, or not."""
    sections = read()
    recorded = {section.key for section in sections}
    later = sorted(fingerprints.sources().keys() - recorded)
    return [*_changed(sections), *(f"{app}.{name} is not recorded" for app, name in later)]


def hash_of(source: Path) -> str:
    """What a recorded migration's source is known by."""
    return hashlib.sha256(source.read_bytes()).hexdigest()[:16]


def _changed(sections: list[Section]) -> Iterator[str]:
    sources = fingerprints.sources()
    for section in sections:
        name = ".".join(section.key)
        if section.key not in sources:
            yield f"{name} is recorded, and gone from the code"
        elif hash_of(sources[section.key]) != section.source:
            yield f"{name} has changed since it was recorded"
