"""Making the file: rows in one snapshot, then everything into the archive.

Rows go through files in a folder, because a tar says how long a member is before it begins. A
run that was cut short takes the rows anew, in a new snapshot; stored files that it had fetched
from afar stay in the folder and are not fetched again.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, cast

from django.core.files.storage import default_storage
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.fleet.services.fingerprints import fingerprint
from apps.gateway.models import ApiKey
from apps.media.models import Blob
from apps.media.services.blobs import BlobDamaged
from apps.tenants.models import Domain, Tenant
from apps.transfers import references
from apps.transfers.format import archive, keys, sealing
from apps.transfers.services import installation, people, rows, shared_rows
from apps.transfers.services.progress import Report, ignore

Source = Callable[[], IO[bytes]]
BLOCK = 1024 * 1024
ROWS_DONE = 30  # percent


@dataclass(frozen=True)
class Stored:
    """A stored file of the workspace. `size` is bytes."""

    sha256: str
    size: int
    storage_name: str

    @property
    def member(self) -> str:
        return f"media/{self.sha256}"


@dataclass
class Contents:
    """What one snapshot held, as files in a folder, and how the manifest speaks of it."""

    tables: list[rows.Part]
    shared: list[tuple[Path, dict[str, Any]]]
    stored: list[Stored]
    secrets: list[dict[str, str]]
    manifest: dict[str, Any]

    @property
    def rows(self) -> int:
        listed = [*self.manifest["tables"], *self.manifest["shared"]]
        return sum(int(each["rows"]) for each in listed)


def pack(
    *,
    tenant: Tenant,
    target: IO[bytes],
    folder: Path,
    with_media: bool = True,
    recipient: str = "",
    report: Report = ignore,
) -> Contents:
    """Write the workspace to `target`, encrypted to `recipient` when one is given.

    `folder` is for this export alone; its `media` may hold what an earlier attempt fetched.
    Raises `BlobDamaged` when a stored file is not what it was, `BadKey` for a recipient that is
    none. Secrets of the workspace (its Roblox keys) are in encrypted files only.
    """
    contents = take(tenant=tenant, folder=folder, with_secrets=bool(recipient), report=report)
    if not with_media:
        contents.stored = []
    contents.manifest["media"] = _about_media(contents, with_media=with_media)
    with _sealed(target, recipient) as plain, archive.Writer(plain, _head(contents)) as writer:
        for source, stored in _media(contents.stored, folder, report):
            member = writer.add(stored.member, source, stored.size)
            if member.sha256 != stored.sha256:
                raise BlobDamaged(f"The file {stored.sha256[:12]}… was changed in storage.")
        _add_rows(writer, contents)
        writer.finish(contents.manifest, installation.signing_key())
    return contents


def take(*, tenant: Tenant, folder: Path, with_secrets: bool, report: Report = ignore) -> Contents:
    """The workspace's rows as of one moment, into `folder`."""
    folder = folder / "rows"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    report(1, "Rows, in one snapshot")
    with schema_context("public"), rows.snapshot():
        schema = tenant.schema_name
        tenant = Tenant.objects.get(pk=tenant.pk)  # as of this moment, too
        # No report in here: it writes, and a snapshot only reads.
        parts = [
            rows.write(schema_name=schema, table=table, folder=folder)
            for table in rows.tables(schema_name=schema)
        ]
        shared = [
            shared_rows.write(shared=each, tenant=tenant, folder=folder)
            for each in references.shared()
        ]
        named = people.of(tenant=tenant)
        secrets = list(_secrets(schema))
        with schema_context(schema):
            stored = [Stored(*row) for row in _blobs()]
        manifest = _manifest(tenant, parts, [about for _, about in shared], secrets)
    manifest["people"] = [asdict(each) for each in named]
    manifest["secrets"] = len(secrets) if with_secrets else None
    kept = secrets if with_secrets else []
    return Contents(parts, shared, stored, kept, manifest)


def _manifest(
    tenant: Tenant,
    parts: list[rows.Part],
    shared: list[dict[str, Any]],
    secrets: list[dict[str, str]],
) -> dict[str, Any]:
    migrations = rows.migrations(schema_name=tenant.schema_name)
    about = {name: getattr(tenant, name) for name in references.WORKSPACE}
    hosts = Domain.objects.filter(tenant=tenant, kind=Domain.Kind.CUSTOM, is_live=True)
    return {
        "format": archive.FORMAT,
        "exported_at": timezone.now().isoformat(),
        "workspace": {
            **json.loads(json.dumps(about, cls=shared_rows.Encoder)),
            "schema_name": tenant.schema_name,
            "hosts": sorted(hosts.values_list("domain", flat=True)),
            "api_keys": sorted(
                ApiKey.objects.usable().filter(tenant=tenant).values_list("name", flat=True)
            ),
        },
        "schema": {
            "fingerprint": fingerprint((app, name) for app, name in migrations),
            "migrations": migrations,
        },
        "tables": [part.described() for part in parts],
        "shared": shared,
        # Which secrets there were; their values, if at all, are in a file of their own.
        "keys": [{k: v for k, v in each.items() if k != "value"} for each in secrets],
    }


def _blobs() -> Any:
    return Blob.objects.order_by("sha256").values_list("sha256", "size", "storage_name")


def _secrets(schema_name: str) -> Iterator[dict[str, str]]:
    """Decrypted, since the keys they are stored under stay on this installation."""
    with schema_context(schema_name):
        for label, columns in references.secrets().items():
            for column in columns:
                held = references.rows_of(label).exclude(**{column: ""}).order_by("pk")
                for key, value in held.values_list("pk", column):
                    yield {"model": label, "pk": str(key), "column": column, "value": value}


def _about_media(contents: Contents, *, with_media: bool) -> dict[str, int] | None:
    total = sum(stored.size for stored in contents.stored)
    return {"files": len(contents.stored), "bytes": total} if with_media else None


def _head(contents: Contents) -> dict[str, Any]:
    about = contents.manifest["workspace"]
    return {
        "what": "a ToolBoxAI workspace",
        "workspace": about["slug"],
        "exported_at": contents.manifest["exported_at"],
    }


def _add_rows(writer: archive.Writer, contents: Contents) -> None:
    for path, about in contents.shared:
        with path.open("rb") as file:
            writer.add(about["member"], file, path.stat().st_size)
    for part in contents.tables:
        with part.path.open("rb") as file:
            writer.add(part.table.member, file, part.path.stat().st_size)
    if contents.secrets:
        writer.add_bytes("secrets.jsonl", _json_lines(contents.secrets))


def _json_lines(values: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(v, ensure_ascii=False).encode() + b"\n" for v in values)


@contextmanager
def _sealed(target: IO[bytes], recipient: str) -> Iterator[IO[bytes]]:
    with ExitStack() as stack:
        if recipient:
            sealer = sealing.Sealer(target, keys.recipient(recipient))
            # Buffered: the tar comes in blocks, the cipher wants whole chunks.
            whole: Any = io.BufferedWriter(cast("io.RawIOBase", sealer), sealing.CHUNK)
            yield stack.enter_context(whole)
        else:
            yield target


def _media(
    stored: list[Stored], folder: Path, report: Report
) -> Iterator[tuple[IO[bytes], Stored]]:
    total, done = sum(each.size for each in stored) or 1, 0
    for each in stored:
        report(ROWS_DONE + (99 - ROWS_DONE) * done // total, "Stored files")
        with _near(each, folder)() as source:
            yield source, each
        done += each.size


def _near(stored: Stored, folder: Path) -> Source:
    """The file on this machine: where the storage has it, or fetched once."""
    try:
        path = Path(default_storage.path(stored.storage_name))
    except NotImplementedError:
        path = folder / stored.member
        if not path.exists():
            _fetch(stored, path)
    if not path.exists():
        raise BlobDamaged(f"The file {stored.sha256[:12]}… is missing from storage.")
    return lambda: path.open("rb")


def _fetch(stored: Stored, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft, digest = path.with_suffix(".partial"), hashlib.sha256()
    try:
        with default_storage.open(stored.storage_name) as source, draft.open("wb") as file:
            for block in iter(lambda: source.read(BLOCK), b""):
                digest.update(block)
                file.write(block)
    except FileNotFoundError as error:
        raise BlobDamaged(f"The file {stored.sha256[:12]}… is missing from storage.") from error
    if digest.hexdigest() != stored.sha256:
        raise BlobDamaged(f"The file {stored.sha256[:12]}… was changed in storage.")
    draft.rename(path)
