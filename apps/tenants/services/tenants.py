"""Founding a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import chain, count
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify
from django_tenants.utils import schema_context

from apps.accounts.models import User
from apps.audit.models import AuditEntry
from apps.audit.services import entries as audit
from apps.core.errors import Invalid
from apps.fleet.services import pool
from apps.fleet.services.schemas import Report
from apps.tenants.access import require
from apps.tenants.errors import NotRetryable, SlugTaken
from apps.tenants.models import (
    RESERVED_SLUGS,
    Departure,
    Domain,
    Membership,
    Tenant,
    slug_is_dns_label,
)
from apps.tenants.permissions import Role
from apps.tenants.signals import workspace_opened

MIN_SLUG, MAX_SLUG = 3, 40
CHANGEABLE = ("name",)


def create(*, name: str, slug: str, kind: str, by: User, **fields: Any) -> Tenant:
    """Found a workspace owned by `by`, open at once when a prepared schema is at hand.

    Where none is, a job builds one and the tenant's `provisioning_run_id` names it. Raises
    `Invalid` for a name or address that breaks the rules, `SlugTaken` for one in use.
    """
    with _found(name, slug, kind, by, fields) as tenant:
        if pool.claim(schema_name=tenant.schema_name):
            _open(tenant)
        else:
            _provision(tenant, by)
    return tenant


def create_now(
    *, name: str, slug: str, kind: str, by: User, report: Report, **fields: Any
) -> Tenant:
    """As `create`, but the schema is set up before this returns; for commands."""
    with _found(name, slug, kind, by, fields) as tenant:
        pass
    finish(tenant=tenant, report=report)
    return tenant


def finish(*, tenant: Tenant, report: Report) -> None:
    """Make the schema and open the workspace, unless that was done or is no longer wanted.

    Raises `SchemasBehind`, which passes, while the code is newer than the database.
    """
    report(5, "the workspace")
    with schema_context("public"), transaction.atomic():
        locked = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        if locked.state in (Tenant.State.PROVISIONING, Tenant.State.FAILED):
            pool.provide(schema_name=locked.schema_name, report=report)
            _open(locked)
        tenant.state = locked.state


def retry(*, tenant: Tenant, by: Any) -> Tenant:
    """Set up a workspace whose provisioning failed again, going on from where it stopped."""
    require("workspace.update", by=by, tenant=tenant)
    with transaction.atomic():
        locked: Tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        if locked.state != Tenant.State.FAILED:
            raise NotRetryable(f"{locked} is {locked.get_state_display().lower()}.")
        locked.state = Tenant.State.PROVISIONING
        locked.save(update_fields=["state"])
        _provision(locked, by)
        audit.record(
            action="workspace.retried", by=by, schema_name=locked.schema_name, target=locked
        )
    return locked


def update(*, tenant: Tenant, by: Any, **changes: Any) -> Tenant:
    """Change the name; the rest is `configuration.change`'s. Raises `Invalid`."""
    require("workspace.update", by=by, tenant=tenant)
    with schema_context("public"), transaction.atomic():
        locked: Tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        before = {field: getattr(locked, field) for field in CHANGEABLE}
        for field in CHANGEABLE:
            setattr(locked, field, changes.get(field, before[field]))
        _check(locked)
        moved = {k: [v, getattr(locked, k)] for k, v in before.items() if v != getattr(locked, k)}
        if moved:
            locked.save(update_fields=list(moved))
            audit.record(
                action="workspace.updated", by=by, schema_name=locked.schema_name,
                target=locked, data=moved,
            )  # fmt: skip
    return locked


def suggest_slug(*, name: str) -> str:
    """A free address near `name`, or "" when nothing of it can stand in an address."""
    base = slugify(name)[:MAX_SLUG].strip("-").lstrip("0123456789-")
    if len(base) < MIN_SLUG:
        return ""
    for slug in (base, *(f"{base[: MAX_SLUG - 3]}-{n}" for n in range(2, 50))):
        if slug_problem(slug=slug) is None:
            return slug
    return ""


def slug_problem(*, slug: str, tenant: Tenant | None = None) -> str | None:
    """Why this cannot be a workspace's address, in a sentence, or None when it can.

    `tenant` is the workspace that wants it: its own former address is not in its way.
    """
    try:
        slug_is_dns_label(slug)
    except ValidationError as error:
        return str(error.message)
    if slug in RESERVED_SLUGS:
        return "This address is kept for the product itself."
    others = Domain.objects.live().exclude(tenant=tenant)
    if others.filter(domain=Tenant(slug=slug).own_host).exists():
        return "This address is taken."
    departed = Departure.objects.filter(address_free_at__gt=timezone.now())
    if departed.filter(slug=slug).exists() or _left_behind(slug, departed):
        return "This address belonged to a workspace that was deleted; it is kept back for a while."
    return None


def _left_behind(slug: str, departed: QuerySet[Departure]) -> bool:
    """Whether one of them had this address before its last; the audit remembers its moves."""
    since = timezone.now() - timedelta(days=settings.TENANT_FORMER_ADDRESS_DAYS)
    moves = AuditEntry.objects.filter(action="workspace.renamed", at__gt=since, data__before=slug)
    return moves.filter(schema_name__in=departed.values("schema_name")).exists()


def schema_name_for(slug: str) -> str:
    """A schema's name near `slug` that no workspace has or ever had: audit and job rows go on
    naming the schemas of those that are gone.
    """
    base = "w_" + slug.replace("-", "_")
    known = Tenant.objects.filter(schema_name__startswith=base).values_list("schema_name")
    gone = Departure.objects.filter(schema_name__startswith=base).values_list("schema_name")
    used = {name for (name,) in known.union(gone)}
    numbered = (f"{base}_{number}" for number in count(2))
    return next(name for name in chain([base], numbered) if name not in used)


@contextmanager
def _found(name: str, slug: str, kind: str, by: User, fields: dict[str, Any]) -> Iterator[Tenant]:
    slug = slug.strip().lower()
    tenant = Tenant(
        name=name.strip(), slug=slug, kind=kind, schema_name=schema_name_for(slug),
        email=by.email, created_by=by, **fields,
    )  # fmt: skip
    _check(tenant)
    if problem := slug_problem(slug=slug):
        raise SlugTaken(f"{problem} Choose another one than {slug}.")
    try:
        with transaction.atomic():
            tenant.save()
            Domain.objects.create(domain=tenant.own_host, tenant=tenant, is_primary=True)
            Membership.objects.create(user=by, tenant=tenant, role=Role.OWNER)
            audit.record(
                action="workspace.created", by=by, schema_name=tenant.schema_name, target=tenant
            )
            yield tenant
    except (IntegrityError, ValidationError) as error:
        # The latter from django-tenants, which looks for the schema's name before it saves.
        raise SlugTaken(f"{tenant.own_host} is in use already; choose another one.") from error


def _check(tenant: Tenant) -> None:
    try:
        tenant.clean_fields(exclude=["created_by"])
    except ValidationError as error:
        raise Invalid(errors=error.message_dict) from error


def _open(tenant: Tenant) -> None:
    tenant.state = Tenant.State.ACTIVE
    tenant.save(update_fields=["state"])
    audit.record(
        action="workspace.provisioned", by=None, schema_name=tenant.schema_name, target=tenant
    )
    workspace_opened.send(sender=Tenant, tenant=tenant)


def _provision(tenant: Tenant, by: Any) -> None:
    from apps.tenants.tasks import provision

    run = provision.enqueue(by=by, schema_name="public", tenant_id=tenant.pk)
    tenant.provisioning_run_id = run.pk
    tenant.save(update_fields=["provisioning_run_id"])
