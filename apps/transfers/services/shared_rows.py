"""Rows of the public schema that belong to a workspace, as JSON lines.

They are written by column name and read the same way: columns that a newer installation has in
addition get their defaults.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.audit.services import entries as audit
from apps.core.ids import uuid7
from apps.tenants.models import Invitation, Tenant
from apps.transfers import references
from apps.transfers.errors import ExportDamaged, HashesDiffer
from apps.transfers.format import archive
from apps.transfers.format.tallies import Tally
from apps.transfers.references import Shared
from apps.webhooks.models import Endpoint

BATCH = 500
Row = dict[str, Any]


class Encoder(DjangoJSONEncoder):
    """With microseconds, which Django's own cuts off."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if hasattr(o, "isoformat") else super().default(o)


def write(*, shared: Shared, tenant: Tenant, folder: Path) -> tuple[Path, dict[str, Any]]:
    """To a file in `folder`; its place and how the manifest speaks of it."""
    path, tally = folder / Path(shared.member).name, Tally()
    with path.open("wb") as file, archive.compress(file) as packed:
        for row in _rows(shared, tenant):
            packed.write(_line(row))
            tally.feed(_line(_compared(shared, row)))
    return path, {
        "model": shared.model, "member": shared.member, "columns": list(shared.fields),
        "rows": tally.rows, "hash": tally.hash,
    }  # fmt: skip


def restore(
    *, shared: Shared, tenant: Tenant, blocks: Iterable[bytes], ids: Mapping[str, UUID]
) -> None:
    """Make the rows in their new workspace, with people under their new ids."""
    named = _rows_by_name(shared, tenant)
    rows = (_led(named, _arrived(shared, row, ids)) for row in parse(blocks))
    while batch := list(islice(rows, BATCH)):
        owner = {shared.owner: _owner(shared, tenant)}
        made = [shared.cls(**_known(shared, row), **owner) for row in batch]
        for each in made:
            if isinstance(each, Invitation):
                # The link that was sent is forgotten; sending it again makes a new one.
                each.token_hash = secrets.token_hex(32)
            if isinstance(each, Endpoint):
                each.disabled_at, each.disabled_reason = timezone.now(), Endpoint.Reason.MOVED
        references.rows_of(shared.model).bulk_create(made)


def verify(
    *, shared: Shared, tenant: Tenant, described: Mapping[str, Any], ids: Mapping[str, UUID]
) -> None:
    """Read them back, people under their old ids, and compare. Raises `HashesDiffer`."""
    back, tally = {str(new): old for old, new in ids.items()}, Tally()
    for row in _rows(shared, tenant):
        for column in shared.people:
            row[column] = back.get(str(row[column]), row[column])
        wanted = {c: v for c, v in row.items() if c in described["columns"]}
        tally.feed(_line(_compared(shared, wanted)))
    if (tally.rows, tally.hash) != (described["rows"], described["hash"]):
        raise HashesDiffer(
            f"{shared.model} should have {described['rows']} rows with the hash "
            f"{described['hash'][:12]}…, and has {tally.rows} with {tally.hash[:12]}…. "
            "Nothing was imported.",
            table=shared.model,
        )


def chain_anew(
    *, tenant: Tenant, blocks: Iterable[bytes], former: str, ids: Mapping[str, UUID]
) -> str:
    """Restore audit entries: checked as the chain they were under the schema's `former` name,
    then linked again under the new one. Returns the former chain's last hash.

    Raises `ExportDamaged` when the chain did not hold where it comes from.
    """
    head, before = "", ""
    rows = parse(blocks)
    while batch := list(islice(rows, BATCH)):
        made = []
        for row in batch:
            entry = AuditEntry(schema_name=former, **_values(AuditEntry, row))
            if entry.previous_hash != head or audit.digest(entry) != entry.hash:
                raise ExportDamaged(
                    f"The audit chain is broken at entry {entry.sequence}: it was changed where "
                    "it comes from. `manage.py audit verify` there shows where."
                )
            head = entry.hash
            entry.pk, entry.schema_name, entry.previous_hash = uuid7(), tenant.schema_name, before
            entry.actor_id = ids.get(str(entry.actor_id))
            entry.hash = before = audit.digest(entry)
            made.append(entry)
        AuditEntry.objects.bulk_create(made)
    return head


def parse(blocks: Iterable[bytes]) -> Iterator[Row]:
    """The rows in blocks cut anywhere. Raises `ExportDamaged`."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            yield _row(line)
    if rest:
        raise ExportDamaged("A list in the file ends within a line.")


def _rows(shared: Shared, tenant: Tenant) -> Iterator[Row]:
    rows = references.rows_of(shared.model).filter(**{shared.owner: _owner(shared, tenant)})
    order = "sequence" if shared.cls is AuditEntry else "pk"
    for row in rows.order_by(order).values(*shared.fields, *_names(shared)).iterator(BATCH):
        for column, name in zip(shared.named, _names(shared), strict=True):
            row[column] = row.pop(name)
        yield row


def _names(shared: Shared) -> list[str]:
    """Where the names of the rows that its rows lead to are read."""
    return [f"{column.removesuffix('_id')}__{name}" for column, (_, name) in shared.named.items()]


def _rows_by_name(shared: Shared, tenant: Tenant) -> dict[str, dict[str, Any]]:
    """The ids that names have here, by column: those rows have arrived before."""
    return {
        column: dict(references.rows_of(model).filter(tenant=tenant).values_list(name, "pk"))
        for column, (model, name) in shared.named.items()
    }


def _led(named: Mapping[str, Mapping[str, Any]], row: Row) -> Row:
    """With ids in the place of names. Raises `ExportDamaged` for a name that has not arrived."""
    for column, known in named.items():
        if (name := row.get(column)) is not None:
            if name not in known:
                raise ExportDamaged(f"A row leads to {name} ({column}), which is not in the file.")
            row[column] = known[name]
    return row


def _owner(shared: Shared, tenant: Tenant) -> Any:
    return tenant.schema_name if shared.owner == "schema_name" else tenant.pk


def _compared(shared: Shared, row: Row) -> Row:
    return {column: value for column, value in row.items() if column not in shared.remade}


def _line(row: Row) -> bytes:
    return json.dumps(row, cls=Encoder, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _row(line: bytes) -> Row:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ExportDamaged("A list in the file is not JSON.") from error
    if not isinstance(row, dict):
        raise ExportDamaged("A list in the file is not what it should be.")
    return row


def _arrived(shared: Shared, row: Row, ids: Mapping[str, UUID]) -> Row:
    return {c: ids.get(str(v)) if c in shared.people and v else v for c, v in row.items()}


def _known(shared: Shared, row: Row) -> Row:
    return _values(shared.cls, {c: v for c, v in row.items() if c in shared.fields})


def _values(model: Any, row: Row) -> Row:
    fields = {f.attname: f for f in model._meta.concrete_fields}
    return {c: fields[c].to_python(v) for c, v in row.items() if c in fields}
