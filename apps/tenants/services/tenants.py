"""Founding a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django_tenants.utils import schema_context

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.core.errors import Invalid
from apps.tenants.access import require
from apps.tenants.errors import NotRetryable, SlugTaken
from apps.tenants.models import RESERVED_SLUGS, Domain, Membership, Tenant, slug_is_dns_label
from apps.tenants.permissions import Role
from apps.tenants.services import schemas
from apps.tenants.signals import workspace_opened

MIN_SLUG, MAX_SLUG = 3, 40
CHANGEABLE = ("name", "accent", "locale", "time_zone")


def create(*, name: str, slug: str, kind: str, by: User, **fields: Any) -> Tenant:
    """Found a workspace owned by `by` and set up its schema in a job.

    Raises `Invalid` for a name or address that breaks the rules, `SlugTaken` for one in use.
    The tenant's `provisioning_run_id` names the job to watch.
    """
    with _found(name, slug, kind, by, fields) as tenant:
        _provision(tenant, by)
    return tenant


def create_now(
    *, name: str, slug: str, kind: str, by: User, report: schemas.Report, **fields: Any
) -> Tenant:
    """As `create`, but the schema is set up before this returns; for commands."""
    with _found(name, slug, kind, by, fields) as tenant:
        pass
    finish(tenant=tenant, report=report)
    return tenant


def finish(*, tenant: Tenant, report: schemas.Report) -> None:
    """Make the schema and open the workspace; safe to run again."""
    schemas.create(schema_name=tenant.schema_name, report=report)
    with schema_context("public"), transaction.atomic():
        locked = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
        if locked.state == Tenant.State.ACTIVE:
            return
        locked.state = tenant.state = Tenant.State.ACTIVE
        locked.save(update_fields=["state"])
        audit.record(
            action="workspace.provisioned", by=None, schema_name=locked.schema_name, target=locked
        )
        workspace_opened.send(sender=Tenant, tenant=locked)


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
    """Change name, accent, locale or time zone. Raises `Invalid`."""
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


def slug_problem(*, slug: str) -> str | None:
    """Why this cannot be a workspace's address, in a sentence, or None when it can."""
    try:
        slug_is_dns_label(slug)
    except ValidationError as error:
        return str(error.message)
    if slug in RESERVED_SLUGS:
        return "This address is kept for the product itself."
    if Tenant.objects.filter(schema_name=schema_name_for(slug)).exists():
        return "This address is taken."
    return None


def schema_name_for(slug: str) -> str:
    return "w_" + slug.replace("-", "_")


@contextmanager
def _found(name: str, slug: str, kind: str, by: User, fields: dict[str, Any]) -> Iterator[Tenant]:
    slug = slug.strip().lower()
    tenant = Tenant(
        name=name.strip(), slug=slug, kind=kind, schema_name=schema_name_for(slug),
        email=by.email, created_by=by, **fields,
    )  # fmt: skip
    _check(tenant)
    try:
        with transaction.atomic():
            tenant.save()
            Domain.objects.create(domain=tenant.host, tenant=tenant, is_primary=True)
            Membership.objects.create(user=by, tenant=tenant, role=Role.OWNER)
            audit.record(
                action="workspace.created", by=by, schema_name=tenant.schema_name, target=tenant
            )
            yield tenant
    except (IntegrityError, ValidationError) as error:
        # The latter from django-tenants, which looks for the schema's name before it saves.
        raise SlugTaken(f"{tenant.host} is in use already; choose another address.") from error


def _check(tenant: Tenant) -> None:
    if tenant.slug in RESERVED_SLUGS:
        raise SlugTaken(f"{tenant.slug} is kept for the product itself; choose another address.")
    try:
        tenant.clean_fields(exclude=["created_by"])
    except ValidationError as error:
        raise Invalid(errors=error.message_dict) from error


def _provision(tenant: Tenant, by: Any) -> None:
    from apps.tenants.tasks import provision

    run = provision.enqueue(by=by, schema_name="public", tenant_id=tenant.pk)
    tenant.provisioning_run_id = run.pk
    tenant.save(update_fields=["provisioning_run_id"])
