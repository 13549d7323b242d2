"""Taking a file in: everything is verified, and then it is there in one transaction, or not at all.

Stored files are written first, under the new workspace's own path: without its row they are
nobody's, and an import that fails removes them.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils.dateparse import parse_datetime
from django_tenants.utils import schema_context

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.core.database import connection
from apps.core.errors import Invalid
from apps.fleet.services import pool, versions
from apps.media.services import blobs
from apps.tenants.errors import SlugTaken
from apps.tenants.models import Domain, Membership, Tenant
from apps.tenants.permissions import Role
from apps.tenants.services import tenants
from apps.transfers import references
from apps.transfers.errors import ExportDamaged
from apps.transfers.format import archive
from apps.transfers.services import arrivals, people, rows, shared_rows, upgrades
from apps.transfers.services.progress import Report, ignore

MEDIA, SEALED_ROWS = "media/", "secrets.jsonl"
MEDIA_DONE = 60  # percent


@dataclass(frozen=True)
class Wish:
    """What is to become of a file: its new address, and who is to own it beside its owners.

    `schema_name` is chosen when the import begins, so that what is left of it can be found.
    """

    source: Path
    slug: str
    schema_name: str
    opener: X25519PrivateKey | None = None
    owner: str = ""


@dataclass
class Arrival:
    """A workspace that came in. `newcomers` got an account and have no password yet."""

    tenant: Tenant
    rows: int
    files: int
    newcomers: list[User]
    to_do: list[str]


Done = Callable[[Arrival], None]


@dataclass
class _Work:
    """One import on its way."""

    wish: Wish
    manifest: dict[str, Any]
    tenant: Tenant
    report: Report
    ids: dict[str, UUID] = field(default_factory=dict)
    newcomers: list[User] = field(default_factory=list)
    upgraded: dict[str, rows.Part] = field(default_factory=dict)
    secrets: list[dict[str, str]] = field(default_factory=list)
    chain: str = ""


def unpack(
    *, wish: Wish, checked: archive.Checked, by: Any, done: Done, report: Report = ignore
) -> Arrival:
    """Make the workspace out of a file that `archive.check` has found whole and whose signer is
    trusted. `done` is called at the end of the transaction, with what arrived.

    Raises `HashesDiffer` when one table's rows in the database are not those of the file,
    `ExportDamaged`, `ExportNewer`, `SlugTaken`, `Invalid`. Nothing is left of a refused import.
    """
    manifest = checked.manifest
    lacking = lacking_of(manifest)
    work = _Work(wish, manifest, _tenant(wish, manifest), report)
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        if lacking:
            report(2, "Bringing an older export up to date")
            work.upgraded = _bring_forward(work, lacking, Path(folder))
        try:
            return _take_in(work, checked, by, done)
        except BaseException:
            drop_files(schema_name=wish.schema_name)
            raise


def lacking_of(manifest: dict[str, Any]) -> set[tuple[str, str]]:
    """Migrations the export has still to go through. Raises `ExportNewer`."""
    target = versions.required()
    return upgrades.missing(migrations=manifest["schema"]["migrations"], target=target.migrations)


def drop_files(*, schema_name: str) -> None:
    """Remove stored files of a workspace that does not exist; those of one that does stay."""
    with schema_context("public"):
        if Tenant.objects.filter(schema_name=schema_name).exists():
            return
    blobs.remove_all(schema_name=schema_name)


def _take_in(work: _Work, checked: archive.Checked, by: Any, done: Done) -> Arrival:
    with work.wish.source.open("rb") as file, archive.reading(file, work.wish.opener) as members:
        first = _store_media(work, members)
        # The last report before the commit: a later one would wait for it, and the lease with it.
        work.report(MEDIA_DONE, "Rows, in one transaction")
        with schema_context("public"), transaction.atomic():
            rows.fixed_output()
            _found(work)
            for name, _, body in chain([first], members):
                _take_member(work, name, body)
            _finish_rows(work)
            arrival = _arrival(work)
            _record(work, checked, arrival, by)
            done(arrival)
    return arrival


def _arrival(work: _Work) -> Arrival:
    listed = work.manifest["tables"] + work.manifest["shared"]
    return Arrival(
        tenant=work.tenant,
        rows=sum(int(each["rows"]) for each in listed),
        files=int((work.manifest.get("media") or {"files": 0})["files"]),
        newcomers=work.newcomers,
        to_do=arrivals.to_do(tenant=work.tenant, manifest=work.manifest),
    )


def _record(work: _Work, checked: archive.Checked, arrival: Arrival, by: Any) -> None:
    audit.record(
        action="workspace.imported",
        by=by,
        schema_name=work.tenant.schema_name,
        target=work.tenant,
        data={
            "from": work.manifest["workspace"]["schema_name"],
            "signer": checked.signer,
            "exported_at": work.manifest["exported_at"],
            "contents": checked.sha256,
            "rows": arrival.rows,
            "audit_chain_before": work.chain,
        },
    )


def _tenant(wish: Wish, manifest: dict[str, Any]) -> Tenant:
    about = {k: v for k, v in manifest["workspace"].items() if k in references.WORKSPACE}
    created_at = parse_datetime(about.pop("created_at"))
    tenant = Tenant(
        **{**about, "slug": wish.slug, "created_at": created_at},
        schema_name=wish.schema_name, state=Tenant.State.ACTIVE,
    )  # fmt: skip
    try:
        tenant.clean_fields(exclude={"created_by"})
    except ValidationError as error:
        raise ExportDamaged(f"The workspace's own row: {'; '.join(error.messages)}") from error
    if not isinstance(tenant.configuration, dict):
        raise ExportDamaged("The workspace's configuration is not what it should be.")
    with schema_context("public"):
        problem = tenants.slug_problem(slug=wish.slug)
    if problem:
        raise SlugTaken(f"{problem} Choose another address than {wish.slug} (--slug).")
    return tenant


def _found(work: _Work) -> None:
    """The workspace's row and its schema. People come later in the file; until then the row's
    founder is whoever is to own it.
    """
    tenant = work.tenant
    owners = [p for p in _people(work) if p.is_owner]
    if work.wish.owner:
        owners.append(people.Person("", work.wish.owner, "", is_member=True, is_owner=True))
    if not owners:
        raise Invalid("Nobody owns this workspace in the export: name an owner (--owner).")
    _, made = people.settle(owners)
    work.newcomers += made
    founder = owners[-1].email if work.wish.owner else owners[0].email
    tenant.created_by = User.objects.get(email__iexact=founder)
    try:
        with transaction.atomic():
            tenant.save()
            Domain.objects.create(domain=tenant.own_host, tenant=tenant, is_primary=True)
    except IntegrityError as error:
        raise SlugTaken(f"{tenant.own_host} is in use already; choose another one.") from error
    pool.provide(schema_name=tenant.schema_name)


def _people(work: _Work) -> list[people.Person]:
    """Who is in the export, as its signed list says."""
    try:
        return [people.Person(**each) for each in work.manifest["people"]]
    except TypeError as error:
        raise ExportDamaged("The list of people is not what it should be.") from error


def _take_member(work: _Work, name: str, body: Any) -> None:
    tables = {each["member"]: each for each in work.manifest["tables"]}
    shared = {each["member"]: each for each in work.manifest["shared"]}
    if name in tables:
        if not work.upgraded:
            _load(work.tenant.schema_name, tables[name], archive.decompress(body))
    elif name in shared:
        _restore(work, shared[name], body)
    elif name == SEALED_ROWS:
        work.secrets = list(shared_rows.parse([body.read()]))


def _load(schema_name: str, about: dict[str, Any], blocks: Iterator[bytes]) -> None:
    """Rows in, and read back: the two must agree with what the manifest says."""
    known = {t.name: t for t in rows.tables(schema_name=schema_name)}
    upgrades.demand_known(table=about["table"], known=set(known))
    table = rows.Table(about["model"], about["table"], tuple(about["columns"]))
    rows.load(schema_name=schema_name, table=table, blocks=blocks)
    rows.verify(schema_name=schema_name, table=table, rows=about["rows"], hash=about["hash"])


def _restore(work: _Work, about: dict[str, Any], body: Any) -> None:
    shared = next((s for s in references.shared() if s.model == about["model"]), None)
    if shared is None:
        raise ExportDamaged(f"{about['model']} are no rows of a workspace.")
    if not work.ids:
        work.ids, made = people.settle(_people(work))
        work.newcomers += made
    blocks = archive.decompress(body)
    if shared.model == "audit.auditentry":
        former = work.manifest["workspace"]["schema_name"]
        work.chain = shared_rows.chain_anew(
            tenant=work.tenant, blocks=blocks, former=former, ids=work.ids
        )
    else:
        shared_rows.restore(shared=shared, tenant=work.tenant, blocks=blocks, ids=work.ids)
    shared_rows.verify(shared=shared, tenant=work.tenant, described=about, ids=work.ids)


def _finish_rows(work: _Work) -> None:
    tenant = work.tenant
    for part in work.upgraded.values():
        with part.path.open("rb") as file:
            _load(tenant.schema_name, part.described(), archive.decompress(file))
    names = [t.name for t in rows.tables(schema_name=tenant.schema_name)]
    rows.move_sequences(schema_name=tenant.schema_name, names=names)
    people.rename_in_workspace(schema_name=tenant.schema_name, ids=work.ids)
    arrivals.give_keys(tenant=tenant, secrets=work.secrets)
    arrivals.settle(tenant=tenant, former=work.manifest["workspace"]["schema_name"])
    if work.wish.owner:
        Membership.objects.update_or_create(
            user=tenant.created_by, tenant=tenant, defaults={"role": Role.OWNER}
        )
    with schema_context(tenant.schema_name), connection.cursor() as cursor:
        # References between rows are looked at now, while there is somebody to tell.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _bring_forward(
    work: _Work, lacking: set[tuple[str, str]], folder: Path
) -> dict[str, rows.Part]:
    listed = {each["member"]: each for each in work.manifest["tables"]}

    def fill(schema_name: str) -> None:
        known = upgrades.names_in(schema_name=schema_name)
        with (
            work.wish.source.open("rb") as file,
            archive.reading(file, work.wish.opener) as members,
        ):
            for name, _, body in members:
                if name in listed:
                    _fill_old(schema_name, listed[name], known, archive.decompress(body))

    parts = upgrades.bring_forward(
        migrations=work.manifest["schema"]["migrations"], lacking=lacking, fill=fill, folder=folder
    )
    return {part.table.name: part for part in parts}


def _fill_old(
    schema_name: str, about: dict[str, Any], known: set[str], blocks: Iterator[bytes]
) -> None:
    upgrades.demand_known(table=about["table"], known=known)
    table = rows.Table(about["model"], about["table"], tuple(about["columns"]))
    rows.load(schema_name=schema_name, table=table, blocks=blocks)
    rows.verify(schema_name=schema_name, table=table, rows=about["rows"], hash=about["hash"])
    rows.move_sequences(schema_name=schema_name, names=[table.name])


def _store_media(work: _Work, members: Iterator[Any]) -> Any:
    """Write stored files to their new place; the first member after them."""
    about = work.manifest.get("media") or {"bytes": 0}
    done, total = 0, int(about["bytes"]) or 1
    for name, size, body in members:
        if name.startswith(MEDIA):
            work.report(MEDIA_DONE * done // total, "Stored files")
            _store(work.wish.schema_name, name.removeprefix(MEDIA), size, body)
            done += size
        elif name != archive.HEAD:
            return name, size, body
    raise ExportDamaged("The file ends before its rows.")


def _store(schema_name: str, sha256: str, size: int, body: IO[bytes]) -> None:
    """A content-addressed file as apps.media keeps it. One that is there and whole stays."""
    if len(sha256) != hashlib.sha256().digest_size * 2 or not sha256.isalnum():
        raise ExportDamaged(f"{sha256} is no name of a stored file.")
    name = f"{schema_name}/blobs/{sha256[:2]}/{sha256}"
    if default_storage.exists(name) and default_storage.size(name) == size:
        return
    with tempfile.TemporaryFile() as spool:
        digest = hashlib.sha256()
        while block := body.read(archive.BLOCK):
            digest.update(block)
            spool.write(block)
        if digest.hexdigest() != sha256:
            raise ExportDamaged(f"The stored file {sha256[:12]}… is not what its name says.")
        spool.seek(0)
        default_storage.delete(name)
        default_storage.save(name, File(spool))
