"""Exports of a workspace: asked for by its owners, made by a job, kept for a week."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.audit.services import entries as audit
from apps.core.actors import label_of
from apps.core.errors import NotFound
from apps.jobs.models import JobRun
from apps.jobs.services import leases
from apps.mail.services import messages
from apps.tenants.access import require
from apps.tenants.localisation import in_the_words_of
from apps.tenants.models import Tenant
from apps.transfers.errors import ExportNotReady, ExportUnderWay
from apps.transfers.format import keys
from apps.transfers.models import KEPT_FOR, Export
from apps.transfers.services import packing, progress
from apps.transfers.services.progress import Report, ignore

State = Export.State
BLOCK = 1024 * 1024


def start(*, tenant: Tenant, by: Any, with_media: bool = True, encrypt_to: str = "") -> Export:
    """Have the workspace written to one file, in a job.

    `encrypt_to` is a key as `keys.make_opener` gives it. Raises `BadKey`, `ExportUnderWay`.
    """
    require("exports.create", by=by, tenant=tenant)
    recipient = keys.check_recipient(encrypt_to) if encrypt_to.strip() else ""
    from apps.transfers.tasks import make_export

    try:
        with schema_context("public"), transaction.atomic():
            export = Export.objects.create(
                tenant=tenant, with_media=with_media, recipient=recipient,
                asked_by_id=getattr(by, "pk", None), asked_by=label_of(by),
            )  # fmt: skip
            run = make_export.enqueue(
                by=by, schema_name=tenant.schema_name, export_id=str(export.pk)
            )
            export.run_id = run.pk
            export.save(update_fields=["run_id"])
            _record("export.asked", export, by, with_media=with_media, encrypted=bool(recipient))
    except IntegrityError as error:
        raise ExportUnderWay("Wait for it, or look at its progress under Export.") from error
    return export


def carry_out(*, export_id: str, run: JobRun) -> Export:
    """Make the file; what an earlier attempt fetched is used again."""
    with schema_context("public"):
        export = Export.objects.select_related("tenant").get(pk=export_id)
    if export.state != State.RUNNING:
        return export
    folder = _folder(export)
    file = folder / "file"
    contents = write(
        tenant=export.tenant, path=file, folder=folder, with_media=export.with_media,
        encrypt_to=export.recipient, report=progress.of(run),
    )  # fmt: skip
    leases.require_held()
    _keep(export, file, contents)
    shutil.rmtree(folder, ignore_errors=True)
    return export


def write(
    *,
    tenant: Tenant,
    path: Path,
    folder: Path,
    with_media: bool = True,
    encrypt_to: str = "",
    report: Report = ignore,
) -> packing.Contents:
    """Write the export to `path`, which appears under its name only when it is whole."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.partial")
    draft.touch(mode=0o600)
    with draft.open("wb") as target:
        contents = packing.pack(
            tenant=tenant, target=target, folder=folder, with_media=with_media,
            recipient=encrypt_to, report=report,
        )  # fmt: skip
    draft.replace(path)
    shutil.rmtree(folder / "rows", ignore_errors=True)
    return contents


def write_now(
    *, tenant: Tenant, path: Path, by: Any, with_media: bool = True, encrypt_to: str = "",
    report: Report = ignore,
) -> packing.Contents:  # fmt: skip
    """As `start`, but here and to a place of the caller's choice; for commands."""
    require("exports.create", by=by, tenant=tenant)
    recipient = keys.check_recipient(encrypt_to) if encrypt_to.strip() else ""
    folder = path.with_name(f".{path.name}.parts")
    contents = write(
        tenant=tenant, path=path, folder=folder, with_media=with_media, encrypt_to=recipient,
        report=report,
    )  # fmt: skip
    shutil.rmtree(folder, ignore_errors=True)
    with schema_context("public"), transaction.atomic():
        audit.record(
            action="export.written", by=by, schema_name=tenant.schema_name, target=tenant,
            data={"with_media": with_media, "encrypted": bool(recipient), "rows": contents.rows},
        )  # fmt: skip
    return contents


def find(*, tenant: Tenant, export_id: Any) -> Export:
    """One of the workspace's own; raises `NotFound`."""
    with schema_context("public"):
        export = Export.objects.select_related("tenant").filter(tenant=tenant, pk=export_id).first()
    if export is None:
        raise NotFound("There is no such export in this workspace.")
    return export


def note_download(*, export: Export, by: Any) -> None:
    """Remember who takes the file. Raises `ExportNotReady` when there is none."""
    require("exports.create", by=by, tenant=export.tenant)
    if export.state != State.READY or export.expires_at is None:
        raise ExportNotReady("It is still being made, has failed, or was removed after a week.")
    if export.expires_at <= timezone.now():
        raise ExportNotReady("The file was kept for a week. Start a new export.")
    with schema_context("public"), transaction.atomic():
        export.downloaded_at = timezone.now()
        export.save(update_fields=["downloaded_at"])
        _record("export.downloaded", export, by)


def remove(*, export: Export, by: Any) -> None:
    """Delete the file before its time. Raises `ExportNotReady` when there is none."""
    require("exports.create", by=by, tenant=export.tenant)
    if export.state != State.READY:
        raise ExportNotReady("There is no file to remove.")
    _end(export, by)


def expire() -> int:
    """Delete files whose week is over; returns how many."""
    with schema_context("public"):
        over = list(Export.objects.over().select_related("tenant"))
    for export in over:
        _end(export, None)
    return len(over)


def drop_work(*, schema_name: str) -> None:
    """Remove what exports of a workspace that goes have put together here; safe to run again."""
    with schema_context("public"):
        for export in Export.objects.filter(tenant__schema_name=schema_name):
            shutil.rmtree(_folder(export), ignore_errors=True)


def give_up(*, run: JobRun) -> None:
    """End the export of a job that failed, in the transaction that records the failure."""
    problem = (run.problem or {}).get("detail", "")
    with schema_context("public"):
        export = Export.objects.filter(run_id=run.pk, state=State.RUNNING).first()
        if export is not None:
            export.state, export.problem = State.FAILED, problem[:500]
            export.finished_at = timezone.now()
            export.save(update_fields=["state", "problem", "finished_at"])
            folder = _folder(export)
            transaction.on_commit(lambda: shutil.rmtree(folder, ignore_errors=True))


def take_up_again(*, run: JobRun) -> None:
    """The export of a job that runs again after it failed, in the transaction that puts it back.
    Raises `ExportUnderWay` while the workspace has another one.
    """
    try:
        with schema_context("public"), transaction.atomic():
            Export.objects.filter(run_id=run.pk, state=State.FAILED).update(
                state=State.RUNNING, problem="", finished_at=None
            )
    except IntegrityError as error:
        raise ExportUnderWay("Wait for the one that was asked for since.") from error


def _keep(export: Export, file: Path, contents: packing.Contents) -> None:
    size, digest = file.stat().st_size, _sha256(file)
    wanted = f"{export.tenant.schema_name}/exports/{export.pk}"
    default_storage.delete(wanted)
    with file.open("rb") as whole:
        name = default_storage.save(wanted, _Moved(whole, file))
    with schema_context("public"), transaction.atomic():
        now = timezone.now()
        export.state, export.storage_name, export.size, export.sha256 = (
            State.READY, name, size, digest,
        )  # fmt: skip
        export.rows, export.files = contents.rows, len(contents.stored)
        export.finished_at, export.expires_at = now, now + KEPT_FOR
        export.save()
        _record("export.made", export, None, rows=export.rows, sha256=digest)
        _tell(export)


class _Moved(File):  # type: ignore[type-arg]
    """A file that a storage on the same disk may move instead of copying."""

    def __init__(self, file: Any, path: Path) -> None:
        super().__init__(file)
        self._path = path

    def temporary_file_path(self) -> str:
        return str(self._path)


def _end(export: Export, by: Any) -> None:
    default_storage.delete(export.storage_name)
    with schema_context("public"), transaction.atomic():
        export.state = State.EXPIRED
        export.save(update_fields=["state"])
        _record("export.removed", export, by)


def _tell(export: Export) -> None:
    if "@" in export.asked_by and " " not in export.asked_by:
        with in_the_words_of(export.tenant):
            messages.send(
                template="mail/export_ready",
                to=export.asked_by,
                context={"export": export, "tenant": export.tenant},
                schema_name=export.tenant.schema_name,
            )


def _folder(export: Export) -> Path:
    return Path(settings.TRANSFERS_DIR) / f"export-{export.pk}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _record(action: str, export: Export, by: Any, **data: Any) -> None:
    audit.record(
        action=action, by=by, schema_name=export.tenant.schema_name, target=export, data=data
    )
