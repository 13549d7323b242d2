"""The code of an earlier release, as far as the database sees it: its models, out of the state of
its last migrations, and everything Django sends for them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import DatabaseError, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from pgvector.django import HalfVectorField

from apps.fleet.services import releases
from apps.fleet.services.releases import Release

_numbers = count(1000)
# What a CHECK wants that the field's type does not tell.
_WANTED: dict[tuple[str, str], Callable[[], Any]] = {
    ("media_blob", "sha256"): lambda: uuid.uuid4().hex * 2,
    ("isolation_probe", "foreign"): int,
    ("jobs_jobrun", "state"): lambda: "failed",
    ("jobs_jobrun", "discard_reason"): lambda: "x",
    ("jobs_jobrun", "stage"): lambda: None,  # nobody's member
    ("payments_dunningcase", "outcome"): lambda: "recovered",
    ("payments_issueddocument", "credit_note"): lambda: None,  # it is an invoice's
    ("payments_revenueschedule", "ends_on"): lambda: dt.date(2026, 2, 1),
    ("payments_stripeevent", "state"): lambda: "processed",
    ("realtime_channelwebhook", "events"): lambda: ["channel_occupied"],
    ("realtime_realtimeapp", "closed_reason"): lambda: "x",
    ("tenants_membership", "role"): lambda: "teacher",
    ("webhooks_endpoint", "events"): lambda: ["release.created"],
}
# What may be empty, but not in a row that leaves empty what it can.
_NEEDED = {("payments_issueddocument", "invoice")}
# Books: the database refuses to change and delete what was written.
_CLOSED = {"payments_issueddocument", "payments_ledgerentry", "payments_ledgertransaction"}
_MAKERS: list[tuple[type[models.Field], Callable[[], Any]]] = [
    (models.BooleanField, lambda: False),
    (models.DateTimeField, timezone.now),
    (models.DateField, lambda: dt.date(2026, 1, 1)),
    (models.TimeField, lambda: dt.time(8, 0)),
    (models.DecimalField, lambda: Decimal(next(_numbers) % 10)),
    (models.DurationField, lambda: dt.timedelta(seconds=1)),
    (models.FloatField, lambda: 1.0),
    (models.IntegerField, lambda: next(_numbers)),
    (models.JSONField, dict),
    (ArrayField, list),
    (HalfVectorField, lambda: [1.0] * 1536),
    (models.UUIDField, uuid.uuid4),
    (models.BinaryField, lambda: b"x"),
    (models.GenericIPAddressField, lambda: "127.0.0.1"),
    (models.EmailField, lambda: f"somebody-{next(_numbers)}@school.example"),
]


def models_of(release: Release) -> list[type[models.Model]]:
    """Every model of ours that this release has."""
    loader = MigrationLoader(None)
    state = loader.project_state(releases.nodes_of(release, loader))
    found = [m for m in state.apps.get_models(include_auto_created=True) if _has_table(m)]
    return sorted(found, key=lambda model: model._meta.db_table)


def use(model: type[models.Model]) -> list[str]:
    """Write, read, change and delete rows of the model; what the database said against it."""
    problems = []
    for filled in (False, True):
        try:
            with transaction.atomic():
                _use_one(model, filled=filled)
                transaction.set_rollback(True)
        except DatabaseError as error:
            problems.append(f"{model._meta.db_table}: {str(error).splitlines()[0]}")
    return problems


def _use_one(model: type[models.Model], *, filled: bool) -> None:
    row = _make(model, filled=filled)
    again = model._base_manager.get(pk=row.pk)
    if model._meta.db_table in _CLOSED:
        return
    again.save(force_update=True)
    again.delete()


def _make(model: type[models.Model], *, filled: bool) -> models.Model:
    values = dict(_values(model, filled=filled))
    row = model(**values)
    row.save(force_insert=True)
    return row


def _values(model: type[models.Model], *, filled: bool) -> Iterator[tuple[str, Any]]:
    for field in model._meta.concrete_fields:
        wanted = filled and (model._meta.db_table, field.name) in _WANTED
        if isinstance(field, models.AutoField | models.GeneratedField):
            continue
        if field.has_default() and not wanted:
            continue
        needed = (model._meta.db_table, field.name) in _NEEDED
        if field.null and not needed and (not filled or field.related_model is model):
            continue
        yield field.name, _value(field)


def _value(field: models.Field) -> Any:
    if wanted := _WANTED.get((field.model._meta.db_table, field.name)):
        return wanted()
    if isinstance(field, models.ForeignKey):
        return _make(field.related_model, filled=False)
    if field.choices:
        return field.flatchoices[0][0]
    for kind, make in _MAKERS:
        if isinstance(field, kind):
            return make()
    return f"x{next(_numbers)}"[: field.max_length or 20]


def _has_table(model: type[models.Model]) -> bool:
    """The fleet's ledger is left out: the application may not write it in any release."""
    meta = model._meta
    ours = releases.is_own(meta.app_label) and meta.app_label != "fleet"
    return ours and meta.managed and not meta.proxy
