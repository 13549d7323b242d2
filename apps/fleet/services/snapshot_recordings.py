"""Recording what Django's executor sends to make public's tables, for `snapshots`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from apps.core.postgresql.workspace import PUBLIC, within
from apps.fleet.models import Backfill
from apps.fleet.services import fingerprints, listening, shared, snapshots
from apps.fleet.services.ownership import as_owner, run, take_turn
from apps.fleet.services.snapshots import Section

# What is noted about migrations: in the recording by itself, and how far they have filled columns,
# where a new database has no rows.
NOTES: Final = frozenset({"django_migrations", Backfill._meta.db_table})
ABOUT = """\
-- What Django sends for public's migrations, in its order, each below its name and a hash of its
-- source. Written by `make recording`; apps.fleet.services.snapshots makes new databases of it.
"""
# A column that Django fills in the rows there are: with the moment, which is over soon.
MOMENT = re.compile(r"DEFAULT '(?P<moment>\d{4}-\d\d-\d\d \d\d:[^']+)'::timestamptz")


def record() -> int:
    """Write the recording anew, from a database that Django's executor migrates and that is gone
    afterwards; how many migrations are in it. As the owner, who must be allowed to make one.
    """
    with _scratch_database() as connection:
        sections = _listen(connection)
    listing = "\n".join(
        f"\n-- {'.'.join(each.key)} {each.source}\n{each.statements}" for each in sections
    )
    snapshots.PATH.write_text(f"{ABOUT}{listing}\n")
    return len(sections)


@contextmanager
def _scratch_database() -> Iterator[Any]:
    with as_owner() as server, within(PUBLIC):
        take_turn(server, purpose="recording public")
        name = f"{server.settings_dict['NAME']}_recording"
        run(server, "DROP DATABASE IF EXISTS {name}", name=name)
        run(server, "CREATE DATABASE {name}", name=name)
        try:
            with as_owner(database=name) as connection:
                yield connection
        finally:
            run(server, "DROP DATABASE {name}", name=name)


def _listen(connection: Any) -> list[Section]:
    sections: list[Section] = []
    listener = listening.Listener(connection, deaf_to=NOTES)
    sources, begun = fingerprints.sources(), timezone.now()

    def lasting(found: re.Match[str]) -> str:
        return "DEFAULT now()" if datetime.fromisoformat(found["moment"]) >= begun else found[0]

    def note(action: str, migration: Any = None, _fake: bool = False) -> None:  # noqa: FBT001, FBT002
        if action == "apply_success":
            key = (migration.app_label, migration.name)
            heard = [*listening.for_empty(listener.take()), listening.noting([key])]
            text = MOMENT.sub(lasting, ";\n".join(heard) + ";")
            sections.append(Section(key, snapshots.hash_of(sources[key]), text))

    with connection.execute_wrapper(listener):
        shared.execute(progress=note)
    return sections
