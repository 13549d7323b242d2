"""Imports: asked for by operators or a command, carried out by a job, remembered."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.accounts.models import User
from apps.core.actors import label_of
from apps.core.errors import Invalid
from apps.jobs.models import JobRun
from apps.mail.services import messages
from apps.tenants.access import require
from apps.tenants.errors import SlugTaken
from apps.tenants.models import Tenant
from apps.tenants.services import tenants
from apps.transfers.errors import ExportDamaged, ExportUntrusted, HashesDiffer, ImportUnderWay
from apps.transfers.format import archive, keys
from apps.transfers.format.tallies import Tally
from apps.transfers.models import Import
from apps.transfers.services import installation, progress, unpacking

State = Import.State


@dataclass(frozen=True)
class Found:
    """What a file holds, after everything in it was verified."""

    manifest: dict[str, Any]
    signer: str
    is_trusted: bool
    lacking: int
    problem: str


def inspect(*, source: Path, opener: str = "", slug: str = "", trust: str = "") -> Found:
    """Read the whole file, with every row's hash, and say what an import would do; changes
    nothing. Raises `ExportDamaged`, `ExportSealed`, `ExportNewer`, `BadKey`.
    """
    private = _private(opener)
    checked = _check(source, private)
    _count(source, private, checked.manifest)
    wanted = slug or str(checked.manifest["workspace"]["slug"])
    with schema_context("public"):
        return Found(
            manifest=checked.manifest,
            signer=checked.signer,
            is_trusted=_is_trusted(checked.signer, trust),
            lacking=len(unpacking.lacking_of(checked.manifest)),
            problem=tenants.slug_problem(slug=wanted) or "",
        )


def start(
    *, source: Path, by: Any, slug: str = "", owner: str = "", opener: str = "", trust: str = ""
) -> Import:
    """Take a file in, in a job that removes the file once the workspace is here; for the console.

    `slug` left out: the address it had. `owner` is an e-mail, made an owner beside those of the
    file. `opener` is the private key's text, `trust` a signer believed this once. Raises what
    reading the file raises, `ExportUntrusted`, `SlugTaken`, `ImportUnderWay`.
    """
    require("exports.create", by=by)
    from apps.transfers.tasks import take_in

    with schema_context("public"), transaction.atomic():
        record = _plan(source, by, slug, owner, opener, trust, remove=True)
        run = take_in.enqueue(by=by, schema_name="public", import_id=str(record.pk))
        record.run_id = run.pk
        record.save(update_fields=["run_id"])
    return record


def plan_now(
    *, source: Path, slug: str = "", owner: str = "", opener: str = "", trust: str = ""
) -> tuple[Import, JobRun]:
    """As `start`, for a command that carries the run out itself and leaves the file where it is.

    A command that is killed loses its lease, and the rescue of jobs clears up behind it.
    """
    from apps.transfers.tasks import take_in

    with schema_context("public"), transaction.atomic():
        record = _plan(source, None, slug, owner, opener, trust, remove=False)
        run = JobRun.objects.create(
            name=take_in.name, schema_name="public", actor_label="system", max_attempts=1,
            arguments={"import_id": str(record.pk)},
        )  # fmt: skip
        record.run_id = run.pk
        record.save(update_fields=["run_id"])
    return record, run


def carry_out(*, import_id: str, run: JobRun) -> Import:
    """Read, verify, and have the workspace, or nothing of it."""
    with schema_context("public"):
        record = Import.objects.get(pk=import_id)
    if record.state != State.RUNNING:
        return record
    report = progress.of(run)
    report(1, "Reading the whole file")
    private = _private(record.opener)
    source = Path(record.options["path"])
    checked = _check(source, private)
    _require_trusted(checked.signer, record.options["trust"])
    wish = unpacking.Wish(
        source=source, slug=record.slug, schema_name=record.schema_name, opener=private,
        owner=record.options["owner"],
    )  # fmt: skip
    unpacking.unpack(
        wish=wish, checked=checked, by=None, report=report,
        done=lambda arrival: _done(record, checked, arrival),
    )  # fmt: skip
    _remove_source(record)
    return record


def give_up(*, run: JobRun) -> None:
    """End the import or clone of a job that failed or lost its worker, and remove its traces."""
    with schema_context("public"):
        record = Import.objects.filter(run_id=run.pk, state=State.RUNNING).first()
        if record is None:
            return
        record.state, record.opener = State.FAILED, ""
        record.problem = str((run.problem or {}).get("detail", "It was cut short."))[:500]
        record.finished_at = timezone.now()
        record.save()
        transaction.on_commit(lambda: _clear_up(record))


def _plan(
    source: Path, by: Any, slug: str, owner: str, opener: str, trust: str, *, remove: bool
) -> Import:
    checked = _check(source, _private(opener))
    trust = keys.check_signer(trust) if trust else ""
    _require_trusted(checked.signer, trust)
    unpacking.lacking_of(checked.manifest)
    slug = (slug or str(checked.manifest["workspace"]["slug"])).strip().lower()
    clear_way(slug=slug)
    if problem := tenants.slug_problem(slug=slug):
        raise SlugTaken(f"{problem} Choose another address than {slug} (--slug).")
    options = {"path": str(source.absolute()), "owner": owner, "trust": trust, "remove": remove}
    about = checked.manifest["workspace"]
    return record_plan(
        kind=Import.Kind.IMPORT, slug=slug, by=by, options=options, opener=opener.strip(),
        source=f"{about['name']} ({about['slug']}), {checked.manifest['exported_at'][:16]}",
        signer=checked.signer, sha256=checked.sha256,
    )  # fmt: skip


def record_plan(*, kind: str, slug: str, by: Any, **fields: Any) -> Import:
    """The row of an import or clone that begins. Raises `ImportUnderWay`."""
    try:
        with transaction.atomic():
            return Import.objects.create(
                kind=kind, slug=slug, schema_name=tenants.schema_name_for(slug),
                asked_by_id=getattr(by, "pk", None),
                asked_by=label_of(by), **fields,
            )  # fmt: skip
    except IntegrityError as error:
        raise ImportUnderWay(f"Wait for it to end, or choose another address than {slug}.") from (
            error
        )


def clear_way(*, slug: str) -> None:
    """End what an import to this address left behind when it was killed.

    Raises `ImportUnderWay` for one whose worker may still be alive.
    """
    for record in Import.objects.filter(slug=slug, state=State.RUNNING):
        run = JobRun.objects.filter(pk=record.run_id or record.pk).first()
        left = _lease_left(run)
        if left > 0:
            raise ImportUnderWay(
                f"It was begun at {record.created_at:%H:%M} UTC. If it was killed, try again in "
                f"{left:.0f} seconds.",
                retry_after=left,
            )
        give_up(run=run or JobRun(pk=record.run_id))


def _lease_left(run: JobRun | None) -> float:
    """Seconds for which the run's worker counts as alive."""
    if run is None or run.is_final:
        return 0.0
    lease = timedelta(seconds=settings.JOB_LEASE_SECONDS)
    seen = run.heartbeat_at or run.created_at
    return (seen + lease - timezone.now()).total_seconds()


def _check(source: Path, private: X25519PrivateKey | None) -> archive.Checked:
    try:
        with source.open("rb") as file:
            checked = archive.check(file, private)
    except OSError as error:
        raise Invalid(f"{source} cannot be read: {error.strerror}.") from error
    archive.demand_whole(checked.manifest)
    return checked


def _count(source: Path, private: X25519PrivateKey | None, manifest: dict[str, Any]) -> None:
    """Every table's rows against their hashes, without a database."""
    listed = {each["member"]: each for each in manifest["tables"]}
    with source.open("rb") as file, archive.reading(file, private) as members:
        for name, _, body in members:
            if name in listed:
                tally = Tally()
                for block in archive.decompress(body):
                    tally.feed(block)
                if not tally.is_whole or tally.hash != listed[name]["hash"]:
                    raise HashesDiffer(f"The rows of {listed[name]['model']} differ.")


def _is_trusted(signer: str, trust: str) -> bool:
    return installation.trusts(signer) or (bool(trust) and keys.check_signer(trust) == signer)


def _require_trusted(signer: str, trust: str) -> None:
    if not _is_trusted(signer, trust):
        raise ExportUntrusted(
            f"It is signed by {signer}. Ask there whether that is their key (`tenant keys`); if "
            "so, add it in the console or give it with --trust.",
            signer=signer,
        )


def _private(opener: str) -> X25519PrivateKey | None:
    return keys.opener(opener) if opener.strip() else None


def _done(record: Import, checked: archive.Checked, arrival: unpacking.Arrival) -> None:
    """In the transaction that makes the workspace."""
    if checked.sha256 != record.sha256:
        raise ExportDamaged("The file is another one than when the import was asked for.")
    record.state, record.opener, record.finished_at = State.DONE, "", timezone.now()
    record.rows, record.files, record.to_do = arrival.rows, arrival.files, arrival.to_do
    record.save()
    for person in arrival.newcomers:
        _welcome(arrival.tenant, person)


def _welcome(tenant: Tenant, person: User) -> None:
    messages.send(
        template="mail/moved_in",
        to=person.email,
        context={"tenant": tenant, "person": person},
        schema_name=tenant.schema_name,
    )


def drop_work(record: Import) -> None:
    """Remove the folder in which a clone was put together."""
    shutil.rmtree(Path(settings.TRANSFERS_DIR) / f"clone-{record.pk}", ignore_errors=True)


def _clear_up(record: Import) -> None:
    """What the attempt made; the export file stays, to be tried again."""
    unpacking.drop_files(schema_name=record.schema_name)
    drop_work(record)


def _remove_source(record: Import) -> None:
    if record.options.get("remove"):
        Path(record.options["path"]).unlink(missing_ok=True)
