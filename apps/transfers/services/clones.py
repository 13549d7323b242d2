"""A sandbox workspace: the rows of another with everything personal made up."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import CharField
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.core.database import connection
from apps.core.errors import Invalid
from apps.fleet.services import pool
from apps.jobs.models import JobRun
from apps.tenants.access import require
from apps.tenants.errors import SlugTaken
from apps.tenants.models import CustomRole, Domain, Membership, Tenant
from apps.tenants.permissions import Role
from apps.tenants.services import tenants
from apps.transfers.format import archive, copy_text
from apps.transfers.made_up import MadeUp
from apps.transfers.models import Import
from apps.transfers.personal_data import replacements
from apps.transfers.services import (
    arrivals,
    imports,
    packing,
    people,
    progress,
    rows,
    unpacking,
)

COPIED = ("kind", "accent", "locale", "time_zone", "configuration")
SEED_BYTES = 8


def start(
    *, tenant: Tenant, slug: str, by: Any, owner: str = "", seed: str = "", with_media: bool = True
) -> Import:
    """Make a sandbox of `tenant` at the address `slug`, in a job.

    The same `seed` makes the same stand-ins again on this installation; left out, one is drawn.
    `owner` is the e-mail of a person with an account; left out, whoever owns the original.
    Raises `SlugTaken`, `Invalid`, `ImportUnderWay`.
    """
    require("exports.create", by=by, tenant=tenant)
    from apps.transfers.tasks import make_clone

    with schema_context("public"), transaction.atomic():
        record = _plan(tenant, slug, by, owner, seed, with_media=with_media)
        run = make_clone.enqueue(by=by, schema_name="public", import_id=str(record.pk))
        record.run_id = run.pk
        record.save(update_fields=["run_id"])
    return record


def plan_now(
    *, tenant: Tenant, slug: str, owner: str = "", seed: str = "", with_media: bool = True
) -> tuple[Import, JobRun]:
    """As `start`, for a command that carries the run out itself."""
    from apps.transfers.tasks import make_clone

    with schema_context("public"), transaction.atomic():
        record = _plan(tenant, slug, None, owner, seed, with_media=with_media)
        run = JobRun.objects.create(
            name=make_clone.name, schema_name="public", actor_label="system", max_attempts=1,
            arguments={"import_id": str(record.pk)},
        )  # fmt: skip
        record.run_id = run.pk
        record.save(update_fields=["run_id"])
    return record, run


def carry_out(*, import_id: str, run: JobRun) -> Import:
    """Copy, replace, and have the sandbox, or nothing of it."""
    with schema_context("public"):
        record = Import.objects.get(pk=import_id)
        source = Tenant.objects.get(pk=record.options["tenant_id"])
    if record.state != Import.State.RUNNING:
        return record
    report = progress.of(run)
    folder = Path(settings.TRANSFERS_DIR) / f"clone-{record.pk}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        contents = packing.take(tenant=source, folder=folder, with_secrets=False, report=report)
        if record.options["with_media"]:
            _copy_media(contents.stored, source, record.schema_name)
        report(60, "Rows, in one transaction")
        _settle(record, source, contents)
    except BaseException:
        unpacking.drop_files(schema_name=record.schema_name)
        raise
    finally:
        imports.drop_work(record)
    return record


def scrub(*, label: str, columns: tuple[str, ...], blocks: Iterator[bytes], by: MadeUp) -> Any:
    """Lines of COPY with the model's personal columns replaced."""
    wanted, room = replacements(label), _room(label)
    places = [
        (columns.index(name), how, room[name]) for name, how in wanted.items() if name in columns
    ]
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            values = copy_text.parse(line)
            for place, how, most in places:
                value = values[place]
                values[place] = how(by, value)[:most] if value is not None else None
            yield copy_text.render(values) + b"\n"


def _room(label: str) -> dict[str, int | None]:
    """By column how many characters it takes: a made-up address may be longer than the true one."""
    fields = apps.get_model(label)._meta.concrete_fields
    return {f.column: f.max_length if isinstance(f, CharField) else None for f in fields}


def _plan(tenant: Tenant, slug: str, by: Any, owner: str, seed: str, *, with_media: bool) -> Import:
    slug = slug.strip().lower()
    imports.clear_way(slug=slug)
    if problem := tenants.slug_problem(slug=slug):
        raise SlugTaken(f"{problem} Choose another address than {slug}.")
    if owner and not User.objects.filter(email__iexact=owner).exists():
        raise Invalid(f"{owner} has no account; they sign up first.")
    seed = seed or secrets.token_hex(SEED_BYTES)
    options = {"tenant_id": tenant.pk, "owner": owner, "seed": seed, "with_media": with_media}
    return imports.record_plan(
        kind=Import.Kind.CLONE, slug=slug, by=by, options=options,
        source=f"{tenant.name} ({tenant.slug})",
    )  # fmt: skip


def _settle(record: Import, source: Tenant, contents: packing.Contents) -> None:
    by = MadeUp(settings.BLIND_INDEX_KEY, record.options["seed"])
    with schema_context("public"), transaction.atomic():
        rows.fixed_output()
        tenant = _found(record, source, by)
        for part in contents.tables:
            _load(tenant, part, by)
        names = [part.table.name for part in contents.tables]
        rows.move_sequences(schema_name=tenant.schema_name, names=names)
        arrivals.settle(tenant=tenant, former=source.schema_name)
        people.forget_strangers(schema_name=tenant.schema_name)
        with schema_context(tenant.schema_name), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        audit.record(
            action="workspace.cloned", by=None, schema_name=tenant.schema_name, target=tenant,
            data={"from": source.slug, "seed": record.options["seed"]},
        )  # fmt: skip
        record.state, record.finished_at = Import.State.DONE, timezone.now()
        record.rows = sum(part.tally.rows for part in contents.tables)
        record.files = len(contents.stored) if record.options["with_media"] else 0
        record.save()


def _found(record: Import, source: Tenant, by: MadeUp) -> Tenant:
    owners = _owners(source, record.options["owner"])
    about = {name: getattr(source, name) for name in COPIED}
    tenant = Tenant(
        **about, name=by.title(source.name)[:100], slug=record.slug, email=owners[0].email,
        schema_name=record.schema_name, state=Tenant.State.ACTIVE, created_by=owners[0],
        sandbox_of=source.slug,
    )  # fmt: skip
    try:
        with transaction.atomic():
            tenant.save()
            Domain.objects.create(domain=tenant.own_host, tenant=tenant, is_primary=True)
    except IntegrityError as error:
        raise SlugTaken(f"{tenant.own_host} is in use already; choose another one.") from error
    Membership.objects.bulk_create(
        Membership(user=user, tenant=tenant, role=Role.OWNER) for user in owners
    )
    CustomRole.objects.bulk_create(_copies(source, tenant))
    pool.provide(schema_name=tenant.schema_name)
    return tenant


def _copies(source: Tenant, tenant: Tenant) -> Iterator[CustomRole]:
    """Its own roles, which say nothing about people."""
    names = ("key", "name", "description", "based_on", "permissions")
    for role in source.custom_roles.order_by("pk"):
        yield CustomRole(tenant=tenant, **{name: getattr(role, name) for name in names})


def _owners(source: Tenant, wanted: str) -> list[User]:
    if wanted:
        return [User.objects.get(email__iexact=wanted)]
    owners = source.memberships.owners().select_related("user").order_by("created_at")
    found = [membership.user for membership in owners]
    if not found:
        raise Invalid(f"Nobody owns {source}: name an owner for the sandbox.")
    return found


def _load(tenant: Tenant, part: rows.Part, by: MadeUp) -> None:
    table = part.table
    with part.path.open("rb") as file:
        given = rows.load(
            schema_name=tenant.schema_name,
            table=table,
            blocks=scrub(
                label=table.label, columns=table.columns, blocks=archive.decompress(file), by=by
            ),
        )
    rows.verify(schema_name=tenant.schema_name, table=table, rows=part.tally.rows, hash=given.hash)


def _copy_media(stored: list[packing.Stored], source: Tenant, schema_name: str) -> None:
    for each in stored:
        name = schema_name + each.storage_name.removeprefix(source.schema_name)
        with default_storage.open(each.storage_name) as file:
            default_storage.delete(name)
            default_storage.save(name, File(file))
