"""One schema's way to a version and back.

Recorded steps go as one message, the ledger's row and the item's with them: whole or not at all.
Steps outside a transaction remember each statement; steps in Python are Django's own. Where a way
has several parts, the schema's own list of migrations says which are done.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from django.db import Error as DjangoError
from psycopg import errors

from apps.fleet.models import RolloutItem, Schema, SchemaStep
from apps.fleet.services import locks, owner, statements
from apps.fleet.services.executions import Executions

REPLAY, PYTHON = SchemaStep.Mode.REPLAY, SchemaStep.Mode.PYTHON
State = RolloutItem.State
LOCKED = (errors.LockNotAvailable, errors.DeadlockDetected)
# An index that is built beside the traffic waits for all older transactions.
ALONE_PATIENCE = 15
SET_PATH = "SELECT set_config('search_path', %s, false)"
INDEX = """
SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s
"""


class Gone(Exception):
    """The schema was renamed, dropped or moved by somebody else; nothing was done to it."""


@dataclass(frozen=True)
class Replay:
    """How the schemas of one origin get there, or back; `lock_timeout` in seconds.

    `steps` are in the order of this direction, and a schema may be at any of `origins`.
    """

    steps: Sequence[SchemaStep]
    origins: tuple[int, ...]
    target: int
    lock_timeout: float
    closing_state: str = State.DONE
    backward: bool = False
    executions: Executions = field(default_factory=Executions)

    def run(self, item: RolloutItem) -> str:
        """Move one schema and return the item's new state, which is saved with it.

        Raises `Gone`, and psycopg's OperationalError when the connection itself is lost.
        """
        try:
            self._walk(item)
        except Exception as error:  # noqa: BLE001 -- recorded; the next schema is not to suffer
            return self._note(item, error)
        item.state, item.problem = self.closing_state, ""
        return item.state

    def _note(self, item: RolloutItem, error: Exception) -> str:
        cause = error.__cause__ if isinstance(error, DjangoError) else error
        if owner.raw().closed:
            raise error
        if isinstance(error, Gone) or self._left(item):
            raise Gone(item.schema_name) from error
        locked = isinstance(cause, LOCKED)
        item.state = State.BLOCKED if locked else State.FAILED
        item.attempts += 1
        item.problem = _describe_lock(item, cause) if locked else _describe(cause or error)
        item.save(update_fields=["state", "attempts", "problem"])
        return item.state

    def _left(self, item: RolloutItem) -> bool:
        """Whether somebody else took the schema away, or elsewhere."""
        there = Schema.objects.filter(name=item.schema_name, version__in=self.origins)
        return not there.exists()

    def _walk(self, item: RolloutItem) -> None:
        # Backwards, one that never arrived may have part of the way behind it, or nothing.
        arrived = not self.backward or item.state == State.DONE
        if arrived and all(step.mode == REPLAY for step in self.steps):
            self._send(item, list(self.steps), closing=True)
            return
        if self._left(item):
            raise Gone
        parts = list(self._parts(item))
        for part in parts:
            walk = self._walk_one(part[0])
            walk(item, part, closing=part is parts[-1])
        if not parts:
            self._send(item, [], closing=True)

    def _walk_one(self, step: SchemaStep) -> Callable[..., None]:
        if step.mode == REPLAY:
            return self._send
        return self._run_python if step.mode == PYTHON else self._run_alone

    def _parts(self, item: RolloutItem) -> Iterator[list[SchemaStep]]:
        """What is left of the way, recorded steps that follow each other together."""
        done = _applied(item.schema_name)
        left = [s for s in self.steps if ((s.app_label, s.name) in done) is self.backward]
        for mode, group in itertools.groupby(left, key=lambda step: step.mode):
            if mode == REPLAY:
                yield list(group)
            else:
                yield from ([step] for step in group)

    def _send(self, item: RolloutItem, steps: list[SchemaStep], *, closing: bool) -> None:
        name = item.schema_name
        first = self._move(name) if closing else self._hold(name)
        texts = [*statements.begin(schema_name=name, lock_timeout=self.lock_timeout), first]
        for step in steps:
            texts += [*self._statements(step), self._mark(name, step)]
        owner.raw().execute(statements.message([*texts, *self._closed(item, closing=closing)]))

    def _run_alone(self, item: RolloutItem, steps: list[SchemaStep], *, closing: bool) -> None:
        step = steps[0]
        first = self._done_of(step, item)
        for number, statement in enumerate(self._statements(step)[first:], first + 1):
            progress = statements.note_progress(
                item=item, step=step, statement=number, backward=self.backward
            )
            if statements.needs_no_transaction(statement):
                self._send_alone(item.schema_name, statement)
                owner.raw().execute(statements.message([progress]))
            else:
                self._send_with(item, [statement, progress])
        self._send_with(item, self._end(item, step, closing=closing), move=closing)

    def _done_of(self, step: SchemaStep, item: RolloutItem) -> int:
        """How many of its statements are done in this direction; an attempt before this one noted
        it behind the back of the item at hand.
        """
        item.refresh_from_db(fields=["progress"])
        noted = item.progress
        same = (noted.get("migration"), noted.get("backward")) == (str(step), self.backward)
        return int(noted["statement"]) if same else 0

    def _send_with(self, item: RolloutItem, texts: list[str], *, move: bool = False) -> None:
        begin = statements.begin(schema_name=item.schema_name, lock_timeout=self.lock_timeout)
        hold = [] if move else [self._hold(item.schema_name)]
        owner.raw().execute(statements.message([*begin, *hold, *texts]))

    def _send_alone(self, schema_name: str, statement: str) -> None:
        """Repeated after a run was cut short: an index that came out whole is left, a half-made
        one, which PostgreSQL keeps and marks invalid, is dropped first.
        """
        made, dropped = statements.index_made(statement), statements.index_dropped(statement)
        valid = _index_valid(schema_name, made or dropped) if made or dropped else None
        if (made and valid) or (dropped and valid is None):
            return
        with _session(schema_name, self.lock_timeout * ALONE_PATIENCE) as raw:
            if made and valid is False:
                raw.execute(f'DROP INDEX CONCURRENTLY "{schema_name}"."{made}"'.encode())
            raw.execute(statement.encode())

    def _run_python(self, item: RolloutItem, steps: list[SchemaStep], *, closing: bool) -> None:
        end = statements.message(self._end(item, steps[0], closing=closing))
        run = self.executions.backward if self.backward else self.executions.forward
        with _lock_timeout(self.lock_timeout):
            run(steps[0], schema_name=item.schema_name, closing=end)

    def _end(self, item: RolloutItem, step: SchemaStep, *, closing: bool) -> list[str]:
        move = [self._move(item.schema_name)] if closing else []
        return [*move, self._mark(item.schema_name, step), *self._closed(item, closing=closing)]

    def _statements(self, step: SchemaStep) -> list[str]:
        return list((step.backward if self.backward else step.forward) or [])

    def _mark(self, schema_name: str, step: SchemaStep) -> str:
        mark = statements.forget_migration if self.backward else statements.note_migration
        return mark(schema_name=schema_name, step=step)

    def _move(self, schema_name: str) -> str:
        return statements.move_ledger(
            schema_name=schema_name, origins=self.origins, target=self.target
        )

    def _hold(self, schema_name: str) -> str:
        return statements.hold_ledger(schema_name=schema_name, origins=self.origins)

    def _closed(self, item: RolloutItem, *, closing: bool) -> list[str]:
        return [statements.close_item(item=item, state=self.closing_state)] if closing else []


def _applied(schema_name: str) -> set[tuple[str, str]]:
    rows = owner.raw().execute(statements.applied(schema_name=schema_name))
    return set(rows.fetchall())


def _index_valid(schema_name: str, index: str | None) -> bool | None:
    """None where there is no such index."""
    row = owner.raw().execute(INDEX, [schema_name, index]).fetchone()
    return row[0] if row else None


@contextmanager
def _session(
    schema_name: str, lock_timeout: float
) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """The owner's session inside the schema, for statements that stand alone in their message."""
    raw = owner.raw()
    [(before,)] = raw.execute("SELECT current_setting('search_path')").fetchall()
    raw.execute(SET_PATH, [f'"{schema_name}", public'])
    try:
        with _lock_timeout(lock_timeout):
            yield raw
    finally:
        if not raw.closed:
            raw.execute(SET_PATH, [before])


@contextmanager
def _lock_timeout(seconds: float) -> Iterator[None]:
    raw = owner.raw()
    raw.execute("SELECT set_config('lock_timeout', %s, false)", [f"{round(seconds * 1000)}ms"])
    try:
        yield
    finally:
        if not raw.closed:
            raw.execute("RESET lock_timeout")


def _describe_lock(item: RolloutItem, cause: BaseException | None) -> str:
    found = locks.in_the_way(schema_name=item.schema_name)
    return "; ".join(map(str, found)) or _describe(cause)


def _describe(error: BaseException | None) -> str:
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        detail = error.diag.message_detail
        return f"{error.diag.message_primary}{f' ({detail})' if detail else ''}"[:1000]
    return f"{type(error).__name__}: {error}"[:1000]
