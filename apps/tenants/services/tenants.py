"""Founding a workspace."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django_tenants.utils import schema_context

from apps.accounts.models import User
from apps.audit.services import entries as audit
from apps.core.errors import Invalid
from apps.tenants.errors import SlugTaken
from apps.tenants.models import RESERVED_SLUGS, Domain, Membership, Tenant
from apps.tenants.permissions import Role
from apps.tenants.services import schemas


def create(*, name: str, slug: str, kind: str, by: User, **fields: Any) -> Tenant:
    """Found a workspace owned by `by` and set up its schema in a job.

    Raises `Invalid` for a name or address that breaks the rules, `SlugTaken` for one in use.
    The tenant's `provisioning_run_id` names the job to watch.
    """
    from apps.tenants.tasks import provision

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
            run = provision.enqueue(
                by=by, schema_name="public", tenant_id=tenant.pk,
                idempotency_key=f"provision:{tenant.schema_name}",
            )  # fmt: skip
            tenant.provisioning_run_id = run.pk
            tenant.save(update_fields=["provisioning_run_id"])
            audit.record(
                action="workspace.created", by=by, schema_name=tenant.schema_name, target=tenant
            )
    except IntegrityError as error:
        raise SlugTaken(f"{tenant.host} is in use already; choose another address.") from error
    return tenant


def finish(*, tenant: Tenant, report: schemas.Report) -> None:
    """Make the schema and open the workspace; safe to run again."""
    schemas.create(schema_name=tenant.schema_name, report=report)
    with schema_context("public"), transaction.atomic():
        tenant.state = Tenant.State.ACTIVE
        tenant.save(update_fields=["state"])
        audit.record(
            action="workspace.provisioned", by=None, schema_name=tenant.schema_name, target=tenant
        )


def schema_name_for(slug: str) -> str:
    return "w_" + slug.replace("-", "_")


def _check(tenant: Tenant) -> None:
    if tenant.slug in RESERVED_SLUGS:
        raise SlugTaken(f"{tenant.slug} is kept for the product itself; choose another address.")
    try:
        tenant.clean_fields(exclude=["created_by"])
    except ValidationError as error:
        raise Invalid(errors=error.message_dict) from error
