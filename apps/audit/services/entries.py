"""Writing and verifying the audit chain."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.audit.signals import entry_recorded
from apps.core.actors import label_of
from apps.core.database import connection


def record(
    *,
    action: str,
    by: Any,
    schema_name: str | None = None,
    target: models.Model | None = None,
    label: str = "",
    data: dict[str, Any] | None = None,
) -> AuditEntry:
    """Append one entry in the caller's transaction, so that deed and record stand or fall together.

    `action` reads `thing.verb_in_past`; `by` is a person, an API key, or None for the system;
    `data` must be JSON and hold no secret. Writers of one workspace queue on a lock until commit.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("audit.record needs the deed's transaction")
    schema = schema_name or connection.schema_name
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 4711))", [schema])
    last = AuditEntry.objects.filter(schema_name=schema).order_by("-sequence").first()
    entry = AuditEntry(
        sequence=last.sequence + 1 if last else 1,
        at=timezone.now(),
        schema_name=schema,
        actor_id=_id_of(getattr(by, "impersonated_by", None) or by),
        actor_label=_label_of(by)[:254],
        action=action,
        object_type=target._meta.label_lower if target else "",
        object_id=str(target.pk) if target else "",
        object_label=(label or (str(target) if target else ""))[:200],
        data=data or {},
        previous_hash=last.hash if last else "",
    )
    entry.hash = digest(entry)
    entry.save(force_insert=True)
    entry_recorded.send(sender=AuditEntry, entry=entry, target=target)
    return entry


def _id_of(actor: Any) -> uuid.UUID | None:
    key = getattr(actor, "pk", None)
    return key if isinstance(key, uuid.UUID) else None


def _label_of(actor: Any) -> str:
    """`operator ada@… as tom@…` where somebody else is in as a person."""
    label = label_of(actor)
    operator = getattr(actor, "impersonated_by", None)
    return f"operator {operator.email} as {label}" if operator else label


def digest(entry: AuditEntry) -> str:
    """SHA-256 over the entry's canonical JSON and the hash before it."""
    body = {
        name: str(getattr(entry, name))
        for name in (
            "id", "sequence", "at", "schema_name", "actor_id", "actor_label", "action",
            "object_type", "object_id", "object_label", "previous_hash",
        )
    }  # fmt: skip
    body["data"] = json.dumps(entry.data, sort_keys=True)
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def broken(*, schema_name: str) -> Iterator[AuditEntry]:
    """The entries of one workspace whose own hash or link to the one before does not hold."""
    previous = AuditEntry(sequence=0, hash="")
    for entry in AuditEntry.objects.filter(schema_name=schema_name).order_by("sequence").iterator():
        linked = entry.previous_hash == previous.hash and entry.sequence == previous.sequence + 1
        if not linked or digest(entry) != entry.hash:
            yield entry
        previous = entry
