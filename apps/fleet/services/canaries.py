"""Workspaces that go first: one's own, or those of people who have agreed to it."""

from __future__ import annotations

from django.db import transaction

from apps.audit.services import entries
from apps.core.errors import NotFound
from apps.fleet.models import Schema
from apps.fleet.services import owner


def mark(*, schema_name: str, on: bool = True, by: str = "the command line") -> Schema:
    """From the next rollout on it is moved before all others, or with them. Raises `NotFound`."""
    with owner.session(), transaction.atomic():
        schema = Schema.objects.workspaces().filter(name=schema_name).first()
        if schema is None:
            raise NotFound(f"The ledger knows no workspace's schema {schema_name!r}.")
        schema.is_canary = on
        schema.save(update_fields=["is_canary"])
        entries.record(
            action="fleet.canary_marked" if on else "fleet.canary_unmarked", by=by,
            schema_name=schema_name, target=schema,
        )  # fmt: skip
    return schema
