"""What a request does on its own connection. Each returns the marks it was shown."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models.signals import post_save
from django.db.utils import DataError, OperationalError

from apps.roblox.models import Experience
from benchmarks.mixed.rows import FIRST_UNIVERSE, FIRST_WRITTEN, ROWS, of

Marks = Iterable[str]
_dice = random.Random()  # noqa: S311 -- no secret
_told: dict[int, list[str]] = {}


def names() -> list[str]:
    return [of(name) for name in Experience.objects.values_list("name", flat=True)[:ROWS]]


def read_all(_: str) -> Marks:
    return names()


def read_one(_: str) -> Marks:
    number = _dice.randint(1, ROWS)
    return [of(Experience.objects.get(universe_id=FIRST_UNIVERSE + number).name)]


def aggregate(_: str) -> Marks:
    return list(Experience.objects.values_list("created_by_label", flat=True).distinct())


def raw(_: str) -> Marks:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM roblox_experience LIMIT %s", [ROWS])
        return [of(row[0]) for row in cursor.fetchall()]


def raw_with_percent(_: str) -> Marks:
    """No parameters: what is sent is the text as it stands."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM roblox_experience WHERE slug LIKE 'row-%' LIMIT 5")
        return [of(row[0]) for row in cursor.fetchall()]


def session_state(_: str) -> Marks:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return [row[0] for row in cursor.fetchall()]


def write(schema: str) -> Marks:
    row = _create(schema)
    seen = of(Experience.objects.get(pk=row.pk).name)
    Experience.objects.filter(pk=row.pk).delete()
    return [seen]


def write_many(schema: str) -> Marks:
    with transaction.atomic():
        made = Experience.objects.bulk_create([_new(schema) for _ in range(5)])
        ids = [row.pk for row in made]
        Experience.objects.filter(pk__in=ids).update(created_by_label=schema)
        found = Experience.objects.filter(pk__in=ids).values_list("name", flat=True)
        seen = [of(name) for name in found]
        Experience.objects.filter(pk__in=ids).delete()
    return seen


def locked_update(schema: str) -> Marks:
    with transaction.atomic():
        number = FIRST_UNIVERSE + _dice.randint(1, ROWS)
        row = Experience.objects.select_for_update().get(universe_id=number)
        row.created_by_label = schema
        row.save(update_fields=["created_by_label"])
    return [of(row.name)]


def savepoint_undone(schema: str) -> Marks:
    with transaction.atomic():
        before = names()
        inner = transaction.savepoint()
        _create(schema)
        transaction.savepoint_rollback(inner)
        return [*before, *names()]


def duplicate_in_savepoint(schema: str) -> Marks:
    with transaction.atomic():
        try:
            with transaction.atomic():
                _create(schema, universe_id=FIRST_UNIVERSE + 1)
        except IntegrityError:
            return names()
    return ["no duplicate was found"]


def duplicate(schema: str) -> Marks:
    try:
        _create(schema, universe_id=FIRST_UNIVERSE + 1)
    except IntegrityError:
        return names()
    return ["no duplicate was found"]


def division_by_zero(_: str) -> Marks:
    """An aborted transaction, left by rollback."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT name FROM roblox_experience LIMIT 3")
            seen = [of(row[0]) for row in cursor.fetchall()]
            cursor.execute("SELECT 1 / 0")
    except DataError:
        return [*seen, *names()]
    return ["division by zero went through"]


def aborted_and_used_again(_: str) -> Marks:
    """An error caught inside the transaction: what follows is refused, not answered elsewhere."""
    seen: list[str] = []
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            try:
                cursor.execute("SELECT 1 / 0")
            except DataError:
                cursor.execute("SELECT name FROM roblox_experience LIMIT 3")
                seen = [of(row[0]) for row in cursor.fetchall()]
    except Exception as error:
        if type(error).__name__ not in {"InternalError", "TransactionManagementError"}:
            raise
    return [*seen, *names()]


def timed_out(_: str) -> Marks:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 5")
            cursor.execute("SELECT pg_sleep(5)")
    except OperationalError as error:
        if "statement timeout" not in str(error):
            raise
        return names()
    return ["the timeout did not come"]


def iterated(_: str) -> Marks:
    return [of(row.name) for row in Experience.objects.all()[:ROWS].iterator(chunk_size=3)]


def iterated_in_transaction(_: str) -> Marks:
    with transaction.atomic():
        rows = Experience.objects.filter(universe_id__lt=FIRST_WRITTEN).iterator(chunk_size=3)
        seen = [of(next(rows).name), *names()]
        return [*seen, *(of(row.name) for row in rows)]


def copied(schema: str) -> Marks:
    """COPY out of the table, and into it, undone."""
    with transaction.atomic(), connection.cursor() as cursor:
        line = f"{uuid.uuid4()}\t{schema}:copied\t{uuid.uuid4()}\t{_number()}\t{schema}\t2026-01-01"
        fields = "id, name, slug, universe_id, created_by_label, created_at"
        with cursor.copy(f"COPY roblox_experience ({fields}) FROM STDIN") as copy:
            copy.write(line + "\n")
        with cursor.copy("COPY (SELECT name FROM roblox_experience) TO STDOUT") as copy:
            seen = [of(bytes(part).decode().strip()) for part in copy]
        transaction.set_rollback(True)
    return seen


def after_commit(schema: str) -> Marks:
    seen: list[str] = []
    with transaction.atomic():
        row = _create(schema)
        transaction.on_commit(lambda: seen.extend(names()))
        Experience.objects.filter(pk=row.pk).delete()
    return seen or ["on_commit did not run"]


def signalled(schema: str) -> Marks:
    """A receiver of the model's signal reads in the sender's workspace."""
    row = _new(schema, name=f"{schema}:signalled")
    with transaction.atomic():
        row.save(force_insert=True)
        number = row.universe_id
        row.delete()
    return _told.pop(number, ["no signal came"])


def listen() -> None:
    """Let `signalled` hear its rows."""
    post_save.connect(_hear, sender=Experience, dispatch_uid="mixed-load")


def listen_no_more() -> None:
    post_save.disconnect(sender=Experience, dispatch_uid="mixed-load")


def _hear(instance: Experience, **_: Any) -> None:
    if instance.name.endswith(":signalled"):
        _told[instance.universe_id] = [*names(), of(instance.name)]


def _create(schema: str, **about: Any) -> Experience:
    row = _new(schema, **about)
    row.save(force_insert=True)
    return row


def _new(schema: str, **about: Any) -> Experience:
    own = {"name": f"{schema}:written", "universe_id": _number(), "created_by_label": schema}
    return Experience(slug=str(uuid.uuid4()), **(own | about))


def _number() -> int:
    return FIRST_WRITTEN + _dice.getrandbits(50)
